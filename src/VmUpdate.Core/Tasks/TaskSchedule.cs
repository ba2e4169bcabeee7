namespace VmUpdate.Core.Tasks;

/// <summary>When a task's runs may start, and when they must have ended. All moments are in UTC.</summary>
public sealed record TaskSchedule
{
    /// <summary>The earliest start; <see langword="null"/> for at once.</summary>
    public DateTime? StartTime { get; init; }

    /// <summary>The latest <em>start</em>; <see langword="null"/> for none.</summary>
    public DateTime? EndTime { get; init; }

    /// <summary>Orders runs that may start: the earliest goes first. Passing it only shows as overdue.</summary>
    public DateTime? Deadline { get; init; }

    /// <summary>The hard end: what runs then is told to stop; <see langword="null"/> for none.</summary>
    public DateTime? StopTime { get; init; }

    /// <summary>The spans of the week in which runs may start; none means always.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    /// <summary>A cron expression, for a task that comes again; empty for one that runs once on each machine.</summary>
    public string Recurrence { get; init; } = string.Empty;

    /// <summary>The time zone of windows and recurrence, a Windows or IANA id; empty for the host's.</summary>
    public string TimeZoneId { get; init; } = string.Empty;

    /// <summary>Whether it comes again.</summary>
    internal bool IsRecurring => Recurrence.Length > 0;
}
