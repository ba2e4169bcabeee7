using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>How far a machine has come in a task that comes again: what ended there, called off or done, is not planned for the same time again.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="Due">The latest time that an ended run was due, in UTC.</param>
/// <param name="Occurrence">The highest number of an ended run.</param>
internal sealed record PastRun(VmKey Vm, DateTime Due, int Occurrence);
