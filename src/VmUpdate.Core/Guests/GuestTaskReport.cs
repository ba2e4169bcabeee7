using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>What a guest says of a run. The channel says which machine it is; nothing else in it is believed.</summary>
/// <param name="Vm">The machine, as the channel knows it.</param>
/// <param name="RunId">The run that it speaks of.</param>
/// <param name="Attempt">The attempt that it speaks of.</param>
/// <param name="Status">One of <see cref="GuestStatus"/>, or any other number.</param>
/// <param name="Percent">How far it says it is; <see langword="null"/> when it does not say.</param>
/// <param name="NeedsRestart">Whether a restart is still needed.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record GuestTaskReport(VmKey Vm, Guid RunId, int Attempt, int Status, int? Percent, bool NeedsRestart, string Message);
