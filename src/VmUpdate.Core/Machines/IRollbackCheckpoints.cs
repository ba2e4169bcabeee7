namespace VmUpdate.Core.Machines;

/// <summary>A host on which a system takes its machines back to a checkpoint of its own (RDS, at each log-off). Fails as <see cref="IHypervisor"/> does.</summary>
public interface IRollbackCheckpoints
{
    /// <summary>
    /// Replaces such a checkpoint by one of the machine as it is now, under the same name: else the machine would be taken back to its
    /// former disk. Made again it finds what an earlier call left.
    /// </summary>
    /// <param name="vm">The machine.</param>
    /// <param name="name">The checkpoint's name: <see cref="MachineTraits.RollbackCheckpoint"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is done.</returns>
    Task RenewRollbackCheckpointAsync(VmKey vm, string name, CancellationToken cancellation);
}
