using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>A machine that was woken and is not put back yet. It is written down before the machine is woken.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="VmName">Its name, for people.</param>
/// <param name="Found">The state to put it back to.</param>
/// <param name="Woken">When it was woken, in UTC.</param>
/// <param name="RunId">The run that it was last awake for; <see langword="null"/> when that is not known.</param>
/// <param name="IsLeft">Whether it could not be put back.</param>
/// <param name="Reason">Why it could not.</param>
/// <param name="Detail">The reason in one sentence.</param>
/// <param name="ActiveSessionsAtWake">The sessions that were active when it was woken; <see langword="null"/> when not known.</param>
public sealed record AwakeMachine(
    VmKey Vm,
    string VmName,
    VmPowerState Found,
    DateTime Woken,
    Guid? RunId,
    bool IsLeft,
    RunReason Reason,
    string Detail,
    IReadOnlyList<int>? ActiveSessionsAtWake)
{
    /// <summary>What its guest may be in the midst of.</summary>
    public IReadOnlyList<BusyRun> BusyWith { get; init; } = [];
}
