namespace VmUpdate.Core.Broker;

/// <summary>Why a run is in its state. The sentence with the numbers is beside it.</summary>
public enum RunReason
{
    /// <summary>Nothing is to be said.</summary>
    None,

    /// <summary>Its start time is still to come.</summary>
    NotBeforeStart,

    /// <summary>No maintenance window is open.</summary>
    OutsideWindow,

    /// <summary>The wait before a retry is not over.</summary>
    WaitingForRetry,

    /// <summary>As many machines are awake for updates as may be.</summary>
    WaitingForAwakeSlot,

    /// <summary>As many runs are under way as may be.</summary>
    WaitingForRunSlot,

    /// <summary>The host's processors are busy.</summary>
    WaitingForCpu,

    /// <summary>The host has not enough free memory.</summary>
    WaitingForMemory,

    /// <summary>As many machines of its volume are awake as may be.</summary>
    WaitingForVolume,

    /// <summary>The volume has no room to save the machine again.</summary>
    WaitingForRoom,

    /// <summary>As many runs of its instructor are under way as may be.</summary>
    WaitingForInstructor,

    /// <summary>The machine that was woken last has to settle first.</summary>
    WaitingForSettling,

    /// <summary>The host's load is not known, or what is known is too old.</summary>
    WaitingForMeasurement,

    /// <summary>The machine is not known, changes its state, or is being put back.</summary>
    WaitingForVm,

    /// <summary>Another run goes first.</summary>
    WaitingForEarlierRun,

    /// <summary>The host is being emptied for maintenance.</summary>
    HostInMaintenance,

    /// <summary>The host is shutting down.</summary>
    HostShuttingDown,

    /// <summary>The broker is being stopped.</summary>
    BrokerStopping,

    /// <summary>The machine needs more memory than the host could ever give.</summary>
    NeverFits,

    /// <summary>All work on the host was suspended.</summary>
    HostSuspended,

    /// <summary>The task was suspended.</summary>
    TaskSuspended,

    /// <summary>The machine was suspended.</summary>
    VmSuspended,

    /// <summary>Too many runs of the task failed.</summary>
    FailureLimitReached,

    /// <summary>It begins.</summary>
    Started,

    /// <summary>The guest is awaited.</summary>
    WaitingForGuest,

    /// <summary>The task was handed to the guest.</summary>
    HandedOver,

    /// <summary>The guest said so.</summary>
    GuestReported,

    /// <summary>A restart was ordered.</summary>
    RestartOrdered,

    /// <summary>The broker was started again and goes on.</summary>
    Recovered,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Done, and a restart is still to come.</summary>
    RestartPending,

    /// <summary>The guest reported a failure.</summary>
    GuestFailed,

    /// <summary>The guest reported what cannot be.</summary>
    GuestNonsense,

    /// <summary>The guest restarted more often than allowed.</summary>
    TooManyRestarts,

    /// <summary>The machine could not be woken.</summary>
    WakeFailed,

    /// <summary>The guest did not answer.</summary>
    GuestNotReached,

    /// <summary>The guest did not take the task.</summary>
    HandOverFailed,

    /// <summary>The guest has no update agent for the instructor.</summary>
    NoUpdateAgent,

    /// <summary>The payload is not what was registered.</summary>
    PayloadChanged,

    /// <summary>The guest had the task and knows nothing of it any more.</summary>
    GuestForgot,

    /// <summary>A phase, or all together, took longer than allowed.</summary>
    PhaseTimedOut,

    /// <summary>The agent was silent longer than allowed.</summary>
    AgentAway,

    /// <summary>The latest start passed before it could start.</summary>
    EndTimePassed,

    /// <summary>The hard end was reached.</summary>
    StopTimePassed,

    /// <summary>It was called off.</summary>
    CanceledByUser,

    /// <summary>Its task was removed.</summary>
    TaskRemoved,

    /// <summary>The machine is not on this host any more.</summary>
    VmGone,

    /// <summary>Somebody else stopped or saved the machine.</summary>
    VmStoppedUnderneath,

    /// <summary>The guest is changing itself, and is not disturbed.</summary>
    StillApplying,

    /// <summary>The guest restarts, and is not disturbed.</summary>
    StillRebooting,

    /// <summary>The clean stop has not ended, and the machine is never turned off by force.</summary>
    CleanStopNotEnded,

    /// <summary>The machine could not be put back.</summary>
    PutBackFailed,

    /// <summary>The host was asked for something and has not answered; it may still do it.</summary>
    CallNotEnded,

    /// <summary>Whether somebody uses the machine cannot be known.</summary>
    SessionsUnknown,

    /// <summary>A user came; the machine is the user's now.</summary>
    UserArrived,

    /// <summary>The machine was put back as it was found.</summary>
    PutBack,

    /// <summary>The deadline passed.</summary>
    Overdue,

    /// <summary>A report for no run that is under way was not heeded.</summary>
    ReportIgnored,
}
