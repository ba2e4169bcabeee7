using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Images;

/// <summary>A machine that was asked for, and whether it is there.</summary>
/// <param name="Key">Its key; the id is empty when only a name was given and no machine has it.</param>
/// <param name="Name">Its name, or what was given.</param>
/// <param name="Machine">The machine; <see langword="null"/> when there is none.</param>
/// <param name="Failure">Why there is none.</param>
internal sealed record VmTarget(VmKey Key, string Name, VirtualMachine? Machine, HypervisorException? Failure);
