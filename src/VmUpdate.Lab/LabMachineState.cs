using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

/// <summary>All there is to a made-up machine: what its file in the lab holds.</summary>
internal sealed record LabMachineState
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The state it is in from <see cref="SettledUtc"/> on; before, it is changing. So nobody need live to see it arrive.</summary>
    public VmPowerState State { get; init; }

    public DateTime SettledUtc { get; init; }

    public IReadOnlyList<LabDisk> Disks { get; init; } = [];

    public bool HasCheckpoints { get; init; }

    public string ManagedBy { get; init; } = string.Empty;

    public IReadOnlyDictionary<string, string> Marks { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<LabSession> Sessions { get; init; } = [];

    public LabBehavior Behavior { get; init; } = new();

    /// <summary>Whether a real agent plays its guest, through its channel, and not a script.</summary>
    public bool HasChannel { get; init; }

    /// <summary>From when on its guest answers, while it runs.</summary>
    public DateTime GuestSinceUtc { get; init; }

    /// <summary>What its guest was handed, the newest last.</summary>
    public IReadOnlyList<LabGuestJob> Jobs { get; init; } = [];

    /// <summary>What it wants of the host's memory when it runs, in bytes.</summary>
    public long MemoryBytes { get; init; } = 2L << 30;

    /// <summary>The made-up volume that it is saved on.</summary>
    public string Volume { get; init; } = "lab";
}
