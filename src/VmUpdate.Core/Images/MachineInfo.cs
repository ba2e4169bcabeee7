using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>A machine of the host, and what it was declared to be.</summary>
/// <param name="Machine">The machine as the host describes it now.</param>
/// <param name="Role">What it was declared to be; <see cref="MachineRole.Ignored"/> when it was not declared.</param>
/// <param name="Pool">Its pool; empty when it is in none.</param>
public sealed record MachineInfo(VirtualMachine Machine, MachineRole Role, string Pool);
