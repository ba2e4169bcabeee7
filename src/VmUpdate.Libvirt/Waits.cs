namespace VmUpdate.Libvirt;

/// <summary>Waiting for what cannot be ended.</summary>
internal static class Waits
{
    /// <summary>Waits for a task or for the end of the wait; the task goes on by itself.</summary>
    internal static async Task<T> Or<T>(this Task<T> task, CancellationToken cancellation)
    {
        if (!task.IsCompleted && cancellation.CanBeCanceled)
        {
            var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (cancellation.Register(() => ended.TrySetResult(true)))
            {
                if (await Task.WhenAny(task, ended.Task).ConfigureAwait(false) != task)
                {
                    // Nobody is left to look at its failure.
                    _ = task.ContinueWith(
                        late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                    throw new OperationCanceledException(cancellation);
                }
            }
        }

        return await task.ConfigureAwait(false);
    }
}
