using System.Text.Json.Serialization;

namespace VmUpdate.Lab;

/// <summary>A point of a made-up host's load. Between two points the load goes straight from one to the other.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LabHostPoint
{
    /// <summary>When, counted from the script's beginning.</summary>
    public TimeSpan After { get; init; }

    /// <summary>The use of the processors, in percent: 0 to 100.</summary>
    public double CpuPercent { get; init; }

    /// <summary>The memory that others than the lab's machines take, in bytes.</summary>
    public long OtherMemoryBytes { get; init; }
}
