using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Store;

/// <summary>What was declared about a virtual machine.</summary>
/// <param name="Key">The machine.</param>
/// <param name="Name">Its name when it was declared, for people.</param>
/// <param name="Role">What it is.</param>
/// <param name="Pool">Its pool's name, when it is pooled.</param>
public sealed record MachineRecord(VmKey Key, string Name, MachineRole Role, string? Pool);
