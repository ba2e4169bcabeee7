using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>Something that the broker's step orders. Its end is told by <see cref="Observation.ActionEnded"/> with its number.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Vm">The machine.</param>
internal abstract record BrokerAction(long Id, VmKey Vm)
{
    /// <summary>Note in the machine what to put it back to, then start, restore or resume it.</summary>
    internal sealed record Wake(long Id, VmKey Vm, VmPowerState From) : BrokerAction(Id, Vm);

    /// <summary>Wait until the guest answers, and read its sessions: told by <see cref="Observation.GuestAnswered"/>.</summary>
    internal sealed record AwaitGuest(long Id, VmKey Vm, TimeSpan Timeout) : BrokerAction(Id, Vm);

    /// <summary>Hand a run's task to the guest; the payload is compared with its hash first.</summary>
    internal sealed record HandOver(long Id, VmKey Vm, Guid RunId, int Attempt, Guid TaskId, bool MayRestart) : BrokerAction(Id, Vm);

    /// <summary>Ask the guest how a run stands: told by <see cref="Observation.GuestReported"/>; a failure with the code <c>GuestForgot</c> when it knows nothing of it.</summary>
    internal sealed record AskProgress(long Id, VmKey Vm, Guid RunId, int Attempt) : BrokerAction(Id, Vm);

    /// <summary>Tell the guest to give a run up.</summary>
    internal sealed record CancelInGuest(long Id, VmKey Vm, Guid RunId, int Attempt) : BrokerAction(Id, Vm);

    /// <summary>Restart the guest; ended when it has gone down.</summary>
    internal sealed record RestartGuest(long Id, VmKey Vm) : BrokerAction(Id, Vm);

    /// <summary>Read the sessions: told by <see cref="Observation.SessionsSeen"/>.</summary>
    internal sealed record ReadSessions(long Id, VmKey Vm) : BrokerAction(Id, Vm);

    /// <summary>Save, shut down cleanly or pause the machine, then remove the note.</summary>
    internal sealed record PutBack(long Id, VmKey Vm, VmPowerState To, TimeSpan Timeout) : BrokerAction(Id, Vm);

    /// <summary>Remove the note in the machine.</summary>
    internal sealed record ClearMark(long Id, VmKey Vm) : BrokerAction(Id, Vm);
}
