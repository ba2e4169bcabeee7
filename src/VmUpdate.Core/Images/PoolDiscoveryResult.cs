namespace VmUpdate.Core.Images;

/// <summary>What a look for pools found.</summary>
/// <param name="Pools">The pools, by name.</param>
/// <param name="Unread">Machines whose disk could not be looked at, with the reason: most are running.</param>
public sealed record PoolDiscoveryResult(IReadOnlyList<DiscoveredPool> Pools, IReadOnlyList<(MachineInfo Machine, VmUpdateException Failure)> Unread);
