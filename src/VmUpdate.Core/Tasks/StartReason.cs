namespace VmUpdate.Core.Tasks;

/// <summary>What the schedule says of a start.</summary>
internal enum StartReason
{
    /// <summary>It may be now.</summary>
    Open,

    /// <summary>The start time, the next occurrence or the wait before a retry is still to come.</summary>
    NotBeforeStart,

    /// <summary>No maintenance window is open.</summary>
    OutsideWindow,

    /// <summary>No maintenance window opens within two weeks.</summary>
    NoWindowOpens,

    /// <summary>The latest start is over.</summary>
    EndTimePassed,

    /// <summary>The hard end is over.</summary>
    StopTimePassed,
}
