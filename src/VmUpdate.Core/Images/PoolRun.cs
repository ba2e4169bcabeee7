using System.Collections.Concurrent;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>Works on the machines of one call, several at a time, until all are done or too many have failed.</summary>
internal sealed class PoolRun
{
    private readonly RunContext _run;
    private readonly LeaseHolder _owner;
    private readonly IReadOnlyList<VmTarget> _targets;
    private readonly IProgress<SwapProgress>? _progress;
    private readonly PooledVmUpdateResult?[] _results;
    private int _done;
    private int _failed;

    public PoolRun(RunContext run, LeaseHolder owner, IReadOnlyList<VmTarget> targets, IProgress<SwapProgress>? progress)
    {
        _run = run;
        _owner = owner;
        _targets = targets;
        _progress = progress;
        _results = new PooledVmUpdateResult?[targets.Count];
    }

    public async Task<IReadOnlyList<PooledVmUpdateResult>> WorkAsync(CancellationToken cancellation)
    {
        var queue = new ConcurrentQueue<int>(Enumerable.Range(0, _targets.Count));
        int workers = Math.Min(_run.Options.ThrottleLimit, _targets.Count);

        // Disk work is synchronous: it runs on the pool's threads, never on the caller's.
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(queue, cancellation), CancellationToken.None)))
            .ConfigureAwait(false);
        return _results.Select(result => result!).ToList();
    }

    private async Task WorkAsync(ConcurrentQueue<int> queue, CancellationToken cancellation)
    {
        while (queue.TryDequeue(out int index))
        {
            VmTarget target = _targets[index];
            PooledVmUpdateResult result = Refusal(target, cancellation) is { } refusal
                ? VmRun.Without(target, PooledVmUpdateState.NotStarted, refusal)
                : await new VmRun(_run, _owner, target, state => Report(target, state, null)).WorkAsync(cancellation).ConfigureAwait(false);
            if (result.State is PooledVmUpdateState.Failed or PooledVmUpdateState.RolledBack)
            {
                Interlocked.Increment(ref _failed);
            }

            _results[index] = result;
            Interlocked.Increment(ref _done);
            Report(target, null, result);
        }
    }

    private SwapException? Refusal(VmTarget target, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return new SwapException(SwapFailure.Canceled, target.Name, "the run was ended before it was begun.");
        }

        int limit = _run.Options.StopOnFailureCount;
        int failed = Volatile.Read(ref _failed);
        return limit > 0 && failed >= limit
            ? new SwapException(
                SwapFailure.Stopped,
                target.Name,
                $"{failed} machines before it failed, and the run stops after {limit}.",
                "See why they failed; then make the same call again.")
            : null;
    }

    private void Report(VmTarget target, SwapState? state, PooledVmUpdateResult? result) =>
        _progress?.Report(new SwapProgress(target.Key, target.Name, state, Volatile.Read(ref _done), _targets.Count, result));
}
