using System.Collections.Concurrent;

namespace VmUpdate.PowerShell.Commands;

/// <summary>
/// Lets work run on other threads and speak through the pipeline's own: PowerShell allows a cmdlet to write from that one only.
/// </summary>
internal sealed class PipelinePump : IDisposable
{
    private readonly BlockingCollection<Action> _queue = [];

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    /// <summary>Has something done on the pipeline's thread. May be called by any thread while the work runs.</summary>
    internal void Post(Action onPipelineThread) => _queue.Add(onPipelineThread);

    /// <summary>Runs the work to its end, whatever happens to the pipeline meanwhile.</summary>
    /// <param name="work">The work.</param>
    /// <param name="stop">The user's Ctrl+C.</param>
    /// <returns>What the work returned.</returns>
    internal T Run<T>(Func<PipelinePump, CancellationToken, Task<T>> work, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<T> task = Task.Run(() => work(this, ending.Token), CancellationToken.None);
        Task closing = task.ContinueWith(_ => _queue.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            foreach (Action action in _queue.GetConsumingEnumerable(CancellationToken.None))
            {
                action();
            }
        }
        catch
        {
            // The pipeline is gone (Ctrl+C, Select-Object -First, -ErrorAction Stop). The work is asked to end, and is waited for: a swap
            // that was left in the middle of a step would go on behind the user's back.
            ending.Cancel();
            closing.GetAwaiter().GetResult();
            throw;
        }

        return task.GetAwaiter().GetResult();
    }
}
