using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Something that the broker's step is told.</summary>
internal abstract record Observation
{
    private Observation()
    {
    }

    /// <summary>The host's load was measured.</summary>
    internal sealed record HostMeasured(HostLoad Load) : Observation;

    /// <summary>The limits were set.</summary>
    internal sealed record LimitsSet(HostLimits Limits) : Observation;

    /// <summary>The host slept: time-outs begin anew.</summary>
    internal sealed record HostSlept : Observation;

    /// <summary>A machine was looked at; <paramref name="Mark"/> is the state to put it back to that is noted in the machine itself.</summary>
    internal sealed record VmSeen(TargetMachine Machine, VmPowerState Power, string Volume, VmPowerState? Mark) : Observation;

    /// <summary>A machine is not on this host any more.</summary>
    internal sealed record VmGone(VmKey Vm) : Observation;

    /// <summary>A machine's sessions were looked at; <see langword="null"/> when they cannot be known.</summary>
    internal sealed record SessionsSeen(VmKey Vm, IReadOnlyList<UserSession>? Sessions) : Observation;

    /// <summary>The guest answers; with its sessions.</summary>
    internal sealed record GuestAnswered(VmKey Vm, IReadOnlyList<UserSession>? Sessions) : Observation;

    /// <summary>The guest does not answer any more.</summary>
    internal sealed record GuestSilent(VmKey Vm) : Observation;

    /// <summary>The guest says something of a run. Nothing in it is believed.</summary>
    internal sealed record GuestReported(VmKey Vm, Guid RunId, int Attempt, int Status, int? Percent, bool NeedsRestart, string Message)
        : Observation;

    /// <summary>What the step ordered has ended.</summary>
    internal sealed record ActionEnded(long ActionId, ActionFailure? Failure) : Observation;

    /// <summary>A task was registered or changed; its runs are those that have not ended.</summary>
    internal sealed record TaskAdded(UpdateTask Task, IReadOnlyList<UpdateRun> Runs) : Observation
    {
        /// <summary>How far machines have come in a task that comes again and was restored.</summary>
        public IReadOnlyList<PastRun> Past { get; init; } = [];
    }

    /// <summary>What is counted against the failure limit of a task that was restored, and whether that holds it.</summary>
    internal sealed record FailuresRestored(Guid TaskId, int Ended, int Failed, bool IsHeld) : Observation;

    /// <summary>The store says that a machine is awake for updates; with the run that it was last awake for, if that has ended. After all tasks.</summary>
    internal sealed record AwakeRestored(AwakeMachine Awake, UpdateRun? LastRun) : Observation;

    /// <summary>A task was removed.</summary>
    internal sealed record TaskRemoved(Guid TaskId) : Observation;

    /// <summary>A task was suspended or resumed.</summary>
    internal sealed record TaskHeld(Guid TaskId, bool IsHeld) : Observation;

    /// <summary>A machine was suspended or resumed.</summary>
    internal sealed record VmHeld(VmKey Vm, bool IsHeld) : Observation;

    /// <summary>All work was suspended or resumed.</summary>
    internal sealed record HostHeld(bool IsHeld) : Observation;

    /// <summary>A run was called off.</summary>
    internal sealed record CancelAsked(Guid RunId) : Observation;

    /// <summary>The broker is to stop: nothing new begins, and what can be put back is.</summary>
    internal sealed record StopAsked : Observation;
}
