namespace VmUpdate.Core.Machines;

/// <summary>
/// Machines that are made for one piece of work and taken away after it: a build machine is a copy of another's hardware on a disk of its
/// own. It is known by <see cref="VmMarks.Build"/>; without that mark no machine is ever taken away. Fails as <see cref="IHypervisor"/> does.
/// </summary>
public interface IBuildMachines
{
    /// <summary>Makes a machine, off, with the mark, in one step: whoever dies in it leaves a machine that is known by its mark, or none.</summary>
    /// <remarks>
    /// Processors, memory, firmware and controllers are the model's; the id, the network addresses and the channels are its own. It has no
    /// other disk and nothing that the model alone may hold (media, devices of the host, shared folders). It does not start by itself when
    /// the host does, and nothing makes checkpoints of it by itself.
    /// </remarks>
    /// <param name="machine">What to make.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The new machine.</returns>
    /// <exception cref="HypervisorException">
    /// <see cref="HypervisorFailure.VmNotFound"/>: there is no such model; <see cref="HypervisorFailure.DiskNotAttached"/>: nothing hangs
    /// there on the model; <see cref="HypervisorFailure.DiskNotUsable"/>: the file is absent;
    /// <see cref="HypervisorFailure.OperationFailed"/>: another machine has the name, where a name is one machine's.
    /// </exception>
    Task<VmKey> CreateAsync(BuildMachine machine, CancellationToken cancellation);

    /// <summary>
    /// Takes away a machine that <see cref="CreateAsync"/> made: one that runs is turned off at once, and what is saved of it is thrown away.
    /// The files of its disks stay.
    /// </summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is gone; also when it was gone before.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.NotABuildMachine"/>: it has not the mark, and was not touched.</exception>
    Task RemoveAsync(VmKey vm, CancellationToken cancellation);
}
