using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Images;

/// <summary>
/// Moves pooled machines to the disk of another master, each keeping its identity, and back. Every step is journaled before it is done:
/// what a process that died left open is finished or undone by the same call, made again.
/// </summary>
public sealed class PooledImageUpdater
{
    private readonly UpdaterServices _services;

    /// <summary>Makes the service.</summary>
    /// <param name="services">What it reaches the world through.</param>
    public PooledImageUpdater(UpdaterServices services) => _services = services;

    /// <summary>Says of each machine what a swap would do, changing nothing and stopping nothing.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How they would be moved.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>One result for each machine, in the selection's order; one for each name that is of no machine, too.</returns>
    /// <exception cref="Store.StoreException">The pool does not exist, or the store cannot be used.</exception>
    public Task<IReadOnlyList<PreflightResult>> PreflightAsync(
        VmSelection selection, SwapOptions options, CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>Moves machines to a child of a master. One machine's failure never ends the others.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told of each step and each result, on the workers' threads; may be <see langword="null"/>.</param>
    /// <param name="cancellation">
    /// No further machine is begun; one whose disk was not switched yet is put back as it was found, one whose disk was is finished.
    /// </param>
    /// <returns>One result for each machine, in the selection's order.</returns>
    /// <exception cref="Store.StoreException">
    /// The pool does not exist, another process works on it, or the store cannot be used.
    /// </exception>
    public Task<IReadOnlyList<PooledVmUpdateResult>> UpdateAsync(
        VmSelection selection, SwapOptions options, IProgress<SwapProgress>? progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Moves machines back to a child of the disk that they had before. That disk stays as it is.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How; the master is not looked at.</param>
    /// <param name="progress">Told of each step and each result, on the workers' threads; may be <see langword="null"/>.</param>
    /// <param name="cancellation">As in <see cref="UpdateAsync"/>.</param>
    /// <returns>One result for each machine, in the selection's order.</returns>
    /// <exception cref="Store.StoreException">As in <see cref="UpdateAsync"/>.</exception>
    public Task<IReadOnlyList<PooledVmUpdateResult>> RestoreAsync(
        VmSelection selection, SwapOptions options, IProgress<SwapProgress>? progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>What the machines are on.</summary>
    /// <param name="selection">Which machines; those that are not pooled are left out.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The machines, by name.</returns>
    public Task<IReadOnlyList<PooledVmImage>> GetImagesAsync(VmSelection selection, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>The disks that machines had before, and what stands against removing each; removes nothing.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="beforeTime">Whether those whose time is not over count as removable, too.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The disks.</returns>
    public Task<IReadOnlyList<OldDiskResult>> GetOldDisksAsync(
        VmSelection selection, bool beforeTime, CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>Deletes disks that machines had before. One that is attached, or a parent of one that is, is never deleted.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="beforeTime">Whether those whose time is not over are deleted, too.</param>
    /// <param name="cancellation">Ends the work between two disks.</param>
    /// <returns>The disks, with what became of each.</returns>
    public Task<IReadOnlyList<OldDiskResult>> RemoveOldDisksAsync(
        VmSelection selection, bool beforeTime, CancellationToken cancellation) => throw new NotSupportedException();
}
