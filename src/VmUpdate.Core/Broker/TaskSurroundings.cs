using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>What tasks are checked against.</summary>
/// <param name="Machines">All machines of the host.</param>
/// <param name="MemoryForMachinesBytes">The most memory that a machine could ever be given, in bytes.</param>
public sealed record TaskSurroundings(IReadOnlyList<TargetMachine> Machines, long MemoryForMachinesBytes);
