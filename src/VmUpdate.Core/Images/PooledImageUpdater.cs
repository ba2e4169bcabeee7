using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>
/// Moves pooled machines to the disk of another master, each keeping its identity, and back. Every step is journaled before it is done:
/// what a process that died left open is finished or undone by the same call, made again.
/// </summary>
public sealed partial class PooledImageUpdater
{
    private const int MaxChain = 64; // as deep as a chain may be

    private readonly UpdaterServices _services;

    /// <summary>Makes the service.</summary>
    /// <param name="services">What it reaches the world through.</param>
    public PooledImageUpdater(UpdaterServices services) => _services = services;

    private IHypervisor Hypervisor => _services.Hypervisor;

    private VmUpdateStore Store => _services.Store;

    /// <summary>Says of each machine what a swap would do, changing nothing and stopping nothing.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How they would be moved.</param>
    /// <param name="progress">Told before each machine: its name, and how many percent of the machines are done.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>One result for each machine, in the selection's order; one for each name that is of no machine, too.</returns>
    /// <exception cref="StoreException">The pool does not exist, or the store cannot be used.</exception>
    public Task<IReadOnlyList<PreflightResult>> PreflightAsync(
        VmSelection selection, SwapOptions options, Action<string, int>? progress, CancellationToken cancellation) =>
        PreflightAsync(selection, options, SwapDirection.Update, progress, cancellation);

    /// <summary>Says of each machine what the way back would do, changing nothing and stopping nothing.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How they would be moved.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>One result for each machine, in the selection's order; one for each name that is of no machine, too.</returns>
    /// <exception cref="StoreException">The pool does not exist, or the store cannot be used.</exception>
    public Task<IReadOnlyList<PreflightResult>> PreflightRestoreAsync(
        VmSelection selection, SwapOptions options, CancellationToken cancellation) =>
        PreflightAsync(selection, options, BackFor(options), progress: null, cancellation);

    /// <summary>Moves machines to a child of a master. One machine's failure never ends the others.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told of each step and each result, on the workers' threads; may be <see langword="null"/>.</param>
    /// <param name="cancellation">
    /// No further machine is begun; one whose disk was not switched yet is put back as it was found, one whose disk was is finished.
    /// </param>
    /// <returns>One result for each machine, in the selection's order.</returns>
    /// <exception cref="StoreException">
    /// The pool does not exist, another process works on it, or the store cannot be used.
    /// </exception>
    public Task<IReadOnlyList<PooledVmUpdateResult>> UpdateAsync(
        VmSelection selection, SwapOptions options, IProgress<SwapProgress>? progress, CancellationToken cancellation) =>
        SwapAsync(selection, options, SwapDirection.Update, progress, cancellation);

    /// <summary>
    /// Moves machines back to a child of the disk that they had before the last update. That disk stays as it is. A machine that was
    /// brought back already is left alone, so that the same call may be made again.
    /// </summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="options">How; the master is not looked at.</param>
    /// <param name="progress">Told of each step and each result, on the workers' threads; may be <see langword="null"/>.</param>
    /// <param name="cancellation">As in <see cref="UpdateAsync"/>.</param>
    /// <returns>One result for each machine, in the selection's order.</returns>
    /// <exception cref="StoreException">As in <see cref="UpdateAsync"/>.</exception>
    public Task<IReadOnlyList<PooledVmUpdateResult>> RestoreAsync(
        VmSelection selection, SwapOptions options, IProgress<SwapProgress>? progress, CancellationToken cancellation) =>
        SwapAsync(selection, options, BackFor(options), progress, cancellation);

    private static SwapDirection BackFor(SwapOptions options) => options.AsItWas ? SwapDirection.RestoreAsItWas : SwapDirection.Restore;

    private async Task<RunContext> BeginRunAsync(SwapOptions options, SwapDirection direction, CancellationToken cancellation)
    {
        if (options.ThrottleLimit < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), "At least one machine is worked on at a time.");
        }

        return new RunContext(
            _services, options, direction, await Hypervisor.ListDisksAsync(cancellation).ConfigureAwait(false));
    }

    /// <summary>Takes the right to work on the pools that machines are in, each alone.</summary>
    private List<StoreLease> AcquireLeases(IReadOnlyList<VmTarget> targets, string purpose)
    {
        var declared = Store.GetMachines(Hypervisor.HostId).ToDictionary(machine => machine.Key);
        var leases = new List<StoreLease>();
        try
        {
            // In one order everywhere, so that two calls never wait for each other's.
            foreach (string pool in targets
                .Select(target => declared.TryGetValue(target.Key, out MachineRecord? record) ? record.Pool : null)
                .OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).OrderBy(name => name, StringComparer.OrdinalIgnoreCase))
            {
                leases.Add(Store.AcquireLease(LeaseOf(pool, Hypervisor.HostId), purpose));
            }

            return leases;
        }
        catch
        {
            Release(leases);
            throw;
        }
    }

    /// <summary>What the right to work on a pool, alone, is called in the store.</summary>
    internal static string LeaseOf(string pool, string hostId) => $"pool {pool} of {hostId}";

    private static void Release(List<StoreLease> leases)
    {
        foreach (StoreLease lease in leases)
        {
            lease.Dispose();
        }
    }
}
