namespace VmUpdate.Core.Machines;

/// <summary>A host whose machines open their disks under accounts of their own. Fails as <see cref="IHypervisor"/> does.</summary>
public interface IDiskAccess
{
    /// <summary>Lets a machine read and write its disk, and all machines of the host read the disk's parents; and looks whether they may.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="disk">The disk's file.</param>
    /// <param name="parents">The files of its parents.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when they may; what was so already is left as it is.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.AccessDenied"/>: the rights could not be given.</exception>
    Task AllowDiskAsync(VmKey vm, string disk, IReadOnlyList<string> parents, CancellationToken cancellation);
}
