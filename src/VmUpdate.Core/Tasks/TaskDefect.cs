namespace VmUpdate.Core.Tasks;

/// <summary>What is wrong with a task. The PowerShell error ids are <c>Task</c> and these names.</summary>
public enum TaskDefect
{
    /// <summary>The task has no name, or one that cannot be shown.</summary>
    BadName,

    /// <summary>Another task has the name.</summary>
    NameTaken,

    /// <summary>There is no such task.</summary>
    NotFound,

    /// <summary>No machine is named, or none is what was named.</summary>
    NoTarget,

    /// <summary>A machine that is named is not on this host.</summary>
    UnknownVm,

    /// <summary>Several machines have the name.</summary>
    AmbiguousVm,

    /// <summary>A machine that is named was not declared, and is never touched.</summary>
    IgnoredVm,

    /// <summary>The end time is not after the start time.</summary>
    EndBeforeStart,

    /// <summary>The end time is over.</summary>
    EndInPast,

    /// <summary>The stop time is not after the start time, or is over.</summary>
    StopTooEarly,

    /// <summary>The deadline is over, or lies before the start.</summary>
    DeadlineTooEarly,

    /// <summary>A time has no time zone, so that it may be any of several.</summary>
    TimeNotUtc,

    /// <summary>The time zone is not known here.</summary>
    UnknownTimeZone,

    /// <summary>A schedule cannot be read.</summary>
    BadSchedule,

    /// <summary>A schedule has no time to run at.</summary>
    NeverFires,

    /// <summary>A maintenance window cannot be read.</summary>
    BadWindow,

    /// <summary>A maintenance window is too short for a run to end in it.</summary>
    WindowTooShort,

    /// <summary>No start is possible in any maintenance window.</summary>
    WindowNeverOpens,

    /// <summary>A time-out, a retry, or a limit is out of its range.</summary>
    BadLimit,

    /// <summary>The payload is longer than allowed.</summary>
    PayloadTooLong,

    /// <summary>There is nothing to do: the command or the script is empty.</summary>
    PayloadEmpty,

    /// <summary>The payload is not what was registered.</summary>
    PayloadChanged,

    /// <summary>The instructor's name cannot be used.</summary>
    BadInstructor,

    /// <summary>The load gate can never open: the machine needs more memory than the host can give.</summary>
    NeverFits,

    /// <summary>The machine is pooled: what is changed in it is gone after the next swap.</summary>
    PooledVm,

    /// <summary>The policy for the requests of guests cannot be used.</summary>
    BadGuestPolicy,
}
