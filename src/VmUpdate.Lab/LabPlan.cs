namespace VmUpdate.Lab;

/// <summary>What a new lab has in it.</summary>
public sealed class LabPlan
{
    /// <summary>How many pooled machines; the last of them cannot be updated, on purpose: it has a checkpoint.</summary>
    public int PooledCount { get; init; } = 8;

    /// <summary>How many personal machines.</summary>
    public int PersonalCount { get; init; }

    /// <summary>Whether the last pooled machine is to be one that is refused.</summary>
    public bool WithRefusedMachine { get; init; } = true;

    /// <summary>The pool's name.</summary>
    public string PoolName { get; init; } = "LabPool";

    /// <summary>The made-up host's name.</summary>
    public string HostName { get; init; } = "lab";

    /// <summary>What identities are made from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How long the machines take.</summary>
    public LabTimings Timings { get; init; } = LabTimings.Brief;

    /// <summary>The disks' virtual size, in bytes; at least 32 MiB.</summary>
    public long DiskLength { get; init; } = 64L << 20;
}
