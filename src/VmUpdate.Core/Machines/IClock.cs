namespace VmUpdate.Core.Machines;

/// <summary>Time, as the only way to it.</summary>
public interface IClock
{
    /// <summary>The time, in UTC. It may be set back by the host's administrator: time-outs count <see cref="Monotonic"/>.</summary>
    DateTime UtcNow { get; }

    /// <summary>Time since some moment of the past; never goes back.</summary>
    TimeSpan Monotonic { get; }

    /// <summary>Waits.</summary>
    /// <param name="time">How long.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes afterwards.</returns>
    Task Delay(TimeSpan time, CancellationToken cancellation);
}
