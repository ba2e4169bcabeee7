using VmUpdate.Core.Broker;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Versions;

/// <summary>What the building of versions reaches the world through: one host, as the swap and the task broker know it.</summary>
public sealed record VersionServices
{
    /// <summary>The host's disks, store and catalogue.</summary>
    public required UpdaterServices Images { get; init; }

    /// <summary>The host's task broker, with the same store.</summary>
    public required BrokerServices Broker { get; init; }

    /// <summary>Machines for a piece of work; <see langword="null"/> when the host has no way to make them.</summary>
    public IBuildMachines? Machines { get; init; }
}
