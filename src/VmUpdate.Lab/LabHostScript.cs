using System.Text.Json.Serialization;

namespace VmUpdate.Lab;

/// <summary>How busy a made-up host is.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LabHostScript
{
    /// <summary>The host's memory, in bytes. Default 64 GiB. What the lab's running and paused machines take of it is counted.</summary>
    public long TotalMemoryBytes { get; init; } = 64L << 30;

    /// <summary>The room on each of the host's volumes, in bytes. Default 1 TiB.</summary>
    public long VolumeFreeBytes { get; init; } = 1L << 40;

    /// <summary>When the curve begins, in UTC; <see langword="null"/> for when the lab was opened.</summary>
    public DateTime? BeginsUtc { get; init; }

    /// <summary>The curve, by time. After the last point it stays, or begins anew. Without points the processors are used by 5 percent.</summary>
    public IReadOnlyList<LabHostPoint> Curve { get; init; } = [];

    /// <summary>Whether the curve begins anew at its last point.</summary>
    public bool Repeats { get; init; }

    /// <summary>Whether the host is being emptied for maintenance.</summary>
    public bool IsInMaintenance { get; init; }

    /// <summary>Whether the host is shutting down.</summary>
    public bool IsShuttingDown { get; init; }

    /// <summary>What is wrong with the script.</summary>
    /// <returns>One sentence; <see langword="null"/> when nothing is.</returns>
    public string? WhyNotUsable()
    {
        if (TotalMemoryBytes <= 0 || VolumeFreeBytes < 0 || Curve.Any(p => p.CpuPercent is not (>= 0 and <= 100) || p.OtherMemoryBytes < 0 || p.After < TimeSpan.Zero))
        {
            return "A host has memory, its processors are used by 0 to 100 percent, and nothing is negative.";
        }

        return Curve.Zip(Curve.Skip(1), (a, b) => b.After <= a.After).Any(isBack => isBack) || Repeats && Curve.Count < 2
            ? "The points of a curve follow each other in time, and one that repeats has two or more."
            : null;
    }

    /// <summary>The load at a time.</summary>
    /// <param name="time">Counted from the beginning.</param>
    /// <returns>The load.</returns>
    internal LabHostPoint At(TimeSpan time)
    {
        if (Curve.Count == 0)
        {
            return new LabHostPoint { CpuPercent = 5 };
        }

        LabHostPoint last = Curve[Curve.Count - 1];
        TimeSpan at = Repeats && time > TimeSpan.Zero ? TimeSpan.FromTicks(time.Ticks % last.After.Ticks) : time;
        LabHostPoint? after = Curve.FirstOrDefault(point => point.After > at);
        LabHostPoint? before = Curve.LastOrDefault(point => point.After <= at);
        if (before is null || after is null)
        {
            return before ?? after ?? last;
        }

        double part = (double)(at - before.After).Ticks / (after.After - before.After).Ticks;
        return new LabHostPoint
        {
            After = at,
            CpuPercent = before.CpuPercent + ((after.CpuPercent - before.CpuPercent) * part),
            OtherMemoryBytes = before.OtherMemoryBytes + (long)((after.OtherMemoryBytes - before.OtherMemoryBytes) * part),
        };
    }
}
