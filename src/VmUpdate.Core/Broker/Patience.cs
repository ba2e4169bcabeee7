using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>Calls that may never return, or keep the thread: they are made on another one, and waited for so long.</summary>
internal static class Patience
{
    /// <summary>Makes a call and waits for it.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="call">The call. Its token is cancelled when it is not waited for any more.</param>
    /// <param name="limit">How long, by a clock that is not set back.</param>
    /// <param name="clock">Time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The call, ended or not. Of one that has not ended nobody need wait for the end.</returns>
    public static async Task<Task<T>> TryAsync<T>(
        Func<CancellationToken, Task<T>> call, TimeSpan limit, IClock clock, CancellationToken cancellation)
    {
        var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<T> work = Task.Run(() => call(cut.Token), CancellationToken.None);
        await Task.WhenAny(work, clock.Delay(limit, waiting.Token)).ConfigureAwait(false);
        waiting.Cancel();
        if (!work.IsCompleted)
        {
            cut.Cancel();
        }

        // Whoever gave up does not hear of a failure either.
        _ = work.ContinueWith(ended => { _ = ended.Exception; cut.Dispose(); }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return work;
    }
}
