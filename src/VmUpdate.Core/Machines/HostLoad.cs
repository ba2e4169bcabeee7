namespace VmUpdate.Core.Machines;

/// <summary>How busy a host is at one moment.</summary>
/// <param name="CpuPercent">The use of all its processors together, over some seconds: 0 to 100.</param>
/// <param name="FreeMemoryBytes">The memory that could be given to machines, in bytes.</param>
/// <param name="TotalMemoryBytes">The host's memory, in bytes.</param>
public sealed record HostLoad(double CpuPercent, long FreeMemoryBytes, long TotalMemoryBytes)
{
    /// <summary>The free bytes of the volumes that machines are on, by the name that <see cref="VmFootprint.Volume"/> has.</summary>
    public IReadOnlyDictionary<string, long> VolumeFreeBytes { get; init; } = new Dictionary<string, long>();

    /// <summary>Whether the host is being emptied for maintenance (a paused cluster node).</summary>
    public bool IsInMaintenance { get; init; }

    /// <summary>Whether the host is shutting down.</summary>
    public bool IsShuttingDown { get; init; }
}
