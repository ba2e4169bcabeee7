using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.Machines;

/// <summary>A clock that stands still until somebody waits: then that time has passed at once.</summary>
public sealed class ManualClock : IClock
{
    private long _ticks;

    public DateTime Start { get; } = new(2026, 3, 1, 22, 0, 0, DateTimeKind.Utc);

    public DateTime UtcNow => Start + Monotonic;

    public TimeSpan Monotonic => new(Interlocked.Read(ref _ticks));

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public Task Delay(TimeSpan time, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Advance(time);
        return Task.CompletedTask;
    }
}
