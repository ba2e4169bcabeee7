using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>Waits with an end, and streams on both frameworks.</summary>
internal static class Waiting
{
    /// <summary>Waits for something, or until its time is over.</summary>
    /// <param name="awaited">What is waited for; whether it failed is for the caller to see.</param>
    /// <param name="time">How long; <see cref="Timeout.InfiniteTimeSpan"/> without an end.</param>
    /// <param name="clock">Time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether it came.</returns>
    public static async Task<bool> WithinAsync(Task awaited, TimeSpan time, IClock clock, CancellationToken cancellation)
    {
        if (awaited.IsCompleted)
        {
            return true;
        }

        if (time > TimeSpan.Zero || time == Timeout.InfiniteTimeSpan)
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(awaited, clock.Delay(time, cut.Token)).ConfigureAwait(false);
            cut.Cancel();
        }

        if (awaited.IsCompleted)
        {
            return true;
        }

        cancellation.ThrowIfCancellationRequested();
        return false;
    }

    /// <summary>A promise whose keeper does not run who waits for it.</summary>
    public static TaskCompletionSource<T> Promise<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

#if NET8_0_OR_GREATER
    public static Task<int> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancellation) => stream.ReadAsync(buffer, cancellation).AsTask();

    public static Task WriteAsync(Stream stream, byte[] bytes, CancellationToken cancellation) => stream.WriteAsync(bytes, cancellation).AsTask();
#else
    public static Task<int> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancellation) => stream.ReadAsync(buffer, 0, buffer.Length, cancellation);

    public static Task WriteAsync(Stream stream, byte[] bytes, CancellationToken cancellation) => stream.WriteAsync(bytes, 0, bytes.Length, cancellation);
#endif
}
