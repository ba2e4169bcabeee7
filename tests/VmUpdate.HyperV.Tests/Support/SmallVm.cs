namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A machine of the small Hyper-V.</summary>
internal sealed class SmallVm
{
    internal Guid Id { get; } = Guid.NewGuid();

    internal string Name { get; set; } = "PC-01";

    internal ushort State { get; set; } = 3;

    /// <summary>What it was when it was saved: 2 or 9.</summary>
    internal ushort SavedFrom { get; set; } = 2;

    internal List<ushort> Status { get; } = [2];

    internal bool IsGeneration2 { get; init; } = true;

    internal string[] Notes { get; set; } = [];

    internal List<SmallDisk> Disks { get; } = [];

    internal List<string> BootSources { get; set; } = [];

    internal List<ushort> BootOrder { get; init; } = [1, 2, 3];

    internal List<SmallSnapshot> Snapshots { get; } = [];

    internal ulong MemoryMegabytes { get; set; } = 4096;

    internal bool HasDynamicMemory { get; set; }

    internal ulong MostMegabytes { get; set; } = 16384;

    /// <summary>What it has of its dynamic memory while it is not off.</summary>
    internal ulong PresentMegabytes { get; set; } = 6144;

    internal string GuestName { get; set; } = "pc-small";

    internal string[] GuestItems { get; set; } = [];

    internal bool HasIntegrationServices { get; set; } = true;

    internal bool HasHeartbeat { get; set; } = true;

    internal bool IgnoresShutdown { get; set; }

    /// <summary>What InitiateShutdown returns: first of these, then 0.</summary>
    internal Queue<uint> ShutdownAnswers { get; } = new();

    internal bool SecureBoot { get; set; }

    internal string SecureBootTemplate { get; set; } = "1734c6e8-3154-4dda-ba5f-a874cc483422";

    internal ulong StartupAction { get; set; } = 4;

    internal bool MakesSnapshots { get; set; } = true;

    internal ulong LeastMegabytes { get; set; } = 512;

    internal ulong Processors { get; set; } = 4;

    /// <summary>How many SCSI controllers it has beside those of its disks.</summary>
    internal int ScsiControllers { get; set; }

    internal List<SmallAdapter> Adapters { get; } = [];

    /// <summary>What the host set for the guest, and the guest for the host.</summary>
    internal Dictionary<string, string> HostItems { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, string> OwnItems { get; } = new(StringComparer.Ordinal);

    /// <summary>An agent that sends back what it is sent.</summary>
    internal SmallAgent? Agent { get; set; }

    internal bool HasTpm { get; set; }

    internal bool IsShielded { get; set; }

    /// <summary>The node that the cluster runs it on; nothing for a machine that is not the cluster's.</summary>
    internal string? ClusterNode { get; set; }

    internal ushort ReplicationMode { get; set; }

    internal string Key => Id.ToString("D").ToUpperInvariant();
}
