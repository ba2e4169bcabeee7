using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>A line of the broker's journal.</summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="Vm">The machine; <see langword="null"/> for a line about the host.</param>
/// <param name="RunId">The run; <see langword="null"/> for a line about the machine.</param>
/// <param name="State">The run's state from then on; <see langword="null"/> when it did not change.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">The reason in one sentence, with its numbers.</param>
public sealed record JournalEntry(DateTime Time, VmKey? Vm, Guid? RunId, RunState? State, RunReason Reason, string Detail);
