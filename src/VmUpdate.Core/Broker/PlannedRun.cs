using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>What a broker would do with a run, and about when.</summary>
/// <param name="RunId">The run.</param>
/// <param name="TaskName">Its task's name.</param>
/// <param name="Vm">Its machine.</param>
/// <param name="VmName">The machine's name.</param>
/// <param name="ExpectedStart">About when it would begin, in UTC: runs before it are taken to last as their kind usually does; <see langword="null"/> when its time is over or never comes.</param>
/// <param name="IsWoken">Whether the machine would be woken for it.</param>
/// <param name="Reason">Why it would not begin now, with the numbers; empty when it would.</param>
public sealed record PlannedRun(Guid RunId, string TaskName, VmKey Vm, string VmName, DateTime? ExpectedStart, bool IsWoken, string Reason);
