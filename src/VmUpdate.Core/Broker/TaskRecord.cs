using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>A task with what became of it.</summary>
/// <param name="Task">The task.</param>
/// <param name="IsSuspended">Whether somebody suspended it.</param>
/// <param name="IsHeldByFailures">Whether too many failures hold it.</param>
/// <param name="OpenRuns">How many of its runs have not ended.</param>
/// <param name="EndedRuns">How many have.</param>
/// <param name="FailedRuns">How many of these did not succeed.</param>
public sealed record TaskRecord(UpdateTask Task, bool IsSuspended, bool IsHeldByFailures, int OpenRuns, int EndedRuns, int FailedRuns);
