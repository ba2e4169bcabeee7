namespace VmUpdate.Core.Machines;

/// <summary>
/// A host of virtual machines. Every call is for one machine of this host and fails with <see cref="HypervisorException"/>:
/// <see cref="HypervisorFailure.WrongHost"/> for another host's key, <see cref="HypervisorFailure.VmNotFound"/>, and
/// <see cref="HypervisorFailure.VmBusy"/> where the machine's state does not allow what is asked. A call returns when the machine has
/// reached what was asked for. Calls for different machines may run side by side.
/// </summary>
public interface IHypervisor
{
    /// <summary>The host's id: stays the same for as long as the host does, and differs between hosts.</summary>
    string HostId { get; }

    /// <summary>The host's name, for people.</summary>
    string HostName { get; }

    /// <summary>Whether the paths of the host's disks are paths of this computer, so that the files may be opened here.</summary>
    bool DisksAreHere { get; }

    /// <summary>Whether its machines run from differencing disks; if not, a new disk is a full copy of its master.</summary>
    bool HasDifferencingDisks { get; }

    /// <summary>All machines of the host.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machines, in no order.</returns>
    Task<IReadOnlyList<VirtualMachine>> ListAsync(CancellationToken cancellation);

    /// <summary>One machine, as it is now.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machine.</returns>
    Task<VirtualMachine> GetAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Starts a machine that is off, or restores one that is saved.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it runs; the guest may still be booting.</returns>
    Task StartAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Asks the guest of a running machine to shut down, and waits until it has. Never turns it off by force.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="timeout">How long the guest may take.</param>
    /// <param name="cancellation">Ends the wait; the guest may still shut down later.</param>
    /// <returns>Completes when it is off.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.ShutdownTimedOut"/> or <see cref="HypervisorFailure.ShutdownRefused"/>.</exception>
    Task ShutDownAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Saves a machine that runs or is paused.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is saved.</returns>
    Task SaveAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Pauses a running machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is paused.</returns>
    Task PauseAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Lets a paused machine run on.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it runs.</returns>
    Task ResumeAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>The machine's hard disks, as they are now.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The disks, by location.</returns>
    Task<IReadOnlyList<VmDisk>> GetDisksAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>The hard disks of all machines of the host.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The disks, in no order.</returns>
    Task<IReadOnlyList<AttachedDisk>> ListDisksAsync(CancellationToken cancellation);

    /// <summary>Puts another file in the place of a disk's, in one call, on a machine that is off. Boot order and the rest stay.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="location">Where the disk hangs.</param>
    /// <param name="oldPath">The file that must be there now.</param>
    /// <param name="newPath">The file that shall be there.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is done.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.DiskNotAttached"/>: another file is there; and the others.</exception>
    Task SwitchDiskAsync(VmKey vm, DiskLocation location, string oldPath, string newPath, CancellationToken cancellation);

    /// <summary>Deletes the file of a disk that is attached to no machine of the host.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is gone; also when it was gone before.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.DiskAttached"/>.</exception>
    Task DeleteDiskAsync(string path, CancellationToken cancellation);

    /// <summary>What VmUpdate noted in the machine's own description: the pool it is in, whether it was woken by us.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Text by mark, see <see cref="VmMarks"/>.</returns>
    Task<IReadOnlyDictionary<string, string>> GetMarksAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Notes something in the machine's own description, beside what others keep there.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="mark">One of <see cref="VmMarks"/>.</param>
    /// <param name="text">What to note; <see langword="null"/> removes the mark.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is noted.</returns>
    Task SetMarkAsync(VmKey vm, string mark, string? text, CancellationToken cancellation);
}
