using System.Diagnostics;

namespace VmUpdate.Core.Machines;

/// <summary>The computer's own clock.</summary>
public sealed class SystemClock : IClock
{
    /// <summary>The one clock.</summary>
    public static SystemClock Instance { get; } = new();

#pragma warning disable RS0030 // this is the port's real end
    /// <inheritdoc/>
    public DateTime UtcNow => DateTime.UtcNow;

    /// <inheritdoc/>
    public TimeSpan Monotonic => TimeSpan.FromSeconds(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency);

    /// <inheritdoc/>
    public Task Delay(TimeSpan time, CancellationToken cancellation) => Task.Delay(time, cancellation);
#pragma warning restore RS0030
}
