using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <content>Runs over several machines.</content>
public sealed partial class PooledImageUpdater
{
    private async Task<IReadOnlyList<PooledVmUpdateResult>> SwapAsync(
        VmSelection selection, SwapOptions options, SwapDirection direction, IProgress<SwapProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> targets = await TargetResolver.ResolveAsync(Hypervisor, Store, selection, cancellation).ConfigureAwait(false);
        List<StoreLease> leases = AcquireLeases(targets, direction.ToString());
        try
        {
            using RunContext run = await BeginRunAsync(options, direction, cancellation).ConfigureAwait(false);
            LeaseHolder owner = leases.Count > 0 ? leases[0].Holder : LeaseHolder.Current(_services.Clock.UtcNow);
            return await new PoolRun(run, owner, targets, progress).WorkAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Release(leases);
        }
    }
}
