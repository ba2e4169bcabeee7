namespace VmUpdate.Core.Images;

/// <summary>Machines of a host that are made from one master and are in no pool.</summary>
/// <param name="Name">The name of their pool: one that is there already, or a new one, after the master's file.</param>
/// <param name="IsNew">Whether the pool is not declared yet.</param>
/// <param name="MasterPath">The file that their disks go back to.</param>
/// <param name="Machines">The machines, by name.</param>
public sealed record DiscoveredPool(string Name, bool IsNew, string MasterPath, IReadOnlyList<MachineInfo> Machines);
