using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Tasks;

/// <summary>A machine of the host as tasks are matched against it.</summary>
/// <param name="Key">What it is known by.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it was declared to be; <see cref="TargetKinds.None"/> for an ignored one.</param>
/// <param name="Pool">Its pool; <see langword="null"/> when it is in none.</param>
/// <param name="MemoryBytes">The memory that it needs when it runs, in bytes; 0 when not known.</param>
public sealed record TargetMachine(VmKey Key, string Name, TargetKinds Kind, string? Pool, long MemoryBytes);
