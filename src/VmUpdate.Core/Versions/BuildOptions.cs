using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Versions;

/// <summary>What is to be done in a pool's next version.</summary>
public sealed record BuildOptions
{
    /// <summary>The task: its name and targets are not looked at, and the restarts that it needs are always done.</summary>
    public required UpdateTask Task { get; init; }

    /// <summary>What is handed to the agent.</summary>
    public required TaskPayload Payload { get; init; }

    /// <summary>Whether the build machine has network adapters as the pool's machines have; default yes.</summary>
    public bool HasNetwork { get; init; } = true;

    /// <summary>Whether the build machine's disk is kept, to be looked at, when the build fails; default no.</summary>
    public bool KeepFailedDisk { get; init; }
}
