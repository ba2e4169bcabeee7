using System.Management.Automation;
using VmUpdate.Core.Tasks;
using VmUpdate.PowerShell.Binding;
using VmUpdate.PowerShell.Completion;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets that say when a task's runs start, how long they may take, and what is done when they fail.</summary>
public abstract class TaskSettingsCmdlet : TaskCmdlet
{
    /// <summary>
    /// The earliest start. A time without a zone is meant in -TimeZone, or in the host's own; one that is over means at once.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("EarliestStart")]
    public DateTime? StartTime { get; set; }

    /// <summary>The latest start. A run that has not started by then never does; one that has goes on.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("LatestStart")]
    public DateTime? EndTime { get; set; }

    /// <summary>Orders runs that may start: the earliest deadline goes first. A run that passes it is shown as overdue, and nothing else.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public DateTime? Deadline { get; set; }

    /// <summary>The hard end: what has not started never does, and what runs is told to stop.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public DateTime? StopTime { get; set; }

    /// <summary>
    /// Maintenance windows in which runs may start: '22:00-05:00', 'Sat,Sun 08:00-20:00', 'Mon-Fri 22:00-05:00', or objects with Days, Opens
    /// and Closes. The time is local, see -TimeZone; a window that closes before it opens ends on the next day.
    /// </summary>
    [Parameter]
    [AllowEmptyCollection]
    public object[]? Window { get; set; }

    /// <summary>
    /// A cron expression, for a task that comes again: minute, hour, day, month, day of the week; '0 22 * * 2' is each Tuesday at 22:00. With
    /// a sixth field, seconds come first.
    /// </summary>
    [Parameter]
    public string? Schedule { get; set; }

    /// <summary>The time zone of windows, schedule, and times without one: a Windows or IANA id.</summary>
    /// <value>the host's own</value>
    [Parameter]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    public string? TimeZone { get; set; }

    /// <summary>How long a task without a deadline may be overtaken by tasks with one: Low (3 days), Normal (1 day), High (2 hours).</summary>
    /// <value>Normal</value>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public TaskPriority Priority { get; set; } = TaskPriority.Normal;

    /// <summary>
    /// Goes before all other tasks, and reaches a running broker at once. It is still under the load gate, and interrupts nothing that runs.
    /// </summary>
    [Parameter]
    public SwitchParameter Urgent { get; set; }

    /// <summary>
    /// When a restart that the update needs is done: IfNoSession (only when nobody has a session), Never, Always. Where it is not done, the
    /// run ends as Succeeded with the restart pending.
    /// </summary>
    /// <value>IfNoSession</value>
    [Parameter]
    public RestartPolicy RestartPolicy { get; set; } = RestartPolicy.IfNoSession;

    /// <summary>Takes a machine whose sessions cannot be known for one that nobody uses.</summary>
    [Parameter]
    public SwitchParameter AllowUnknownSessions { get; set; }

    /// <summary>
    /// How long a run may take from hand-over to result, all phases together: 90s, 20m, 4h, or 01:30:00. The kind's default without it: 4 h,
    /// 1 h or 10 min.
    /// </summary>
    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <summary>How long waking may take, until the guest answers.</summary>
    /// <value>15m</value>
    [Parameter]
    [Duration]
    public TimeSpan? WakeTimeout { get; set; }

    /// <summary>How long the update agent may search. As long as -Timeout without it.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? SearchTimeout { get; set; }

    /// <summary>How long the update agent may download. As long as -Timeout without it.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? DownloadTimeout { get; set; }

    /// <summary>How long the update agent may apply. As long as -Timeout without it.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? ApplyTimeout { get; set; }

    /// <summary>
    /// How long a restart may take, and how long the update agent may be silent. The kind's default without it: 60 min, 15 min or 5 min.
    /// </summary>
    [Parameter]
    [Duration]
    public TimeSpan? RebootTimeout { get; set; }

    /// <summary>How long a machine that was found off may take to shut down again. One that takes longer is left awake, and never turned off by force.</summary>
    /// <value>15m</value>
    [Parameter]
    [Duration]
    public TimeSpan? CleanStopTimeout { get; set; }

    /// <summary>How often the guest may restart in one run. The kind's default without it: 5, 1 or 0.</summary>
    [Parameter]
    [ValidateRange(0, 1000)]
    public int? MaxRestarts { get; set; }

    /// <summary>How often a failed run is tried again.</summary>
    /// <value>0</value>
    [Parameter]
    public int? Retry { get; set; }

    /// <summary>The wait before the first retry; it doubles each time.</summary>
    /// <value>5m</value>
    [Parameter]
    [Duration]
    public TimeSpan? RetryDelay { get; set; }

    /// <summary>The longest wait before a retry.</summary>
    /// <value>4h</value>
    [Parameter]
    [Duration]
    public TimeSpan? RetryMaxDelay { get; set; }

    /// <summary>After so many failed runs the rest is held, until the task is resumed.</summary>
    [Parameter]
    public int? StopOnFailureCount { get; set; }

    /// <summary>When so many of a hundred ended runs failed (of five or more), the rest is held, until the task is resumed.</summary>
    [Parameter]
    public int? StopOnFailurePercent { get; set; }

    /// <summary>Writes the task.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>A task with what was given in the place of what it had.</summary>
    /// <param name="task">The task.</param>
    /// <returns>The task as it shall be.</returns>
    /// <exception cref="TaskException">A window or the time zone cannot be read.</exception>
    private protected UpdateTask Apply(UpdateTask task) => task with
    {
        Schedule = Apply(task.Schedule),
        Timeouts = Apply(task.Timeouts),
        MaxRestarts = MaxRestarts ?? task.MaxRestarts,
        Retry = new RetryRule(Retry ?? task.Retry.MaxRetries, RetryDelay ?? task.Retry.FirstDelay, RetryMaxDelay ?? task.Retry.MaxDelay),
        FailureLimit = new FailureLimit(
            IsGiven(nameof(StopOnFailureCount)) ? StopOnFailureCount : task.FailureLimit.Count,
            IsGiven(nameof(StopOnFailurePercent)) ? StopOnFailurePercent : task.FailureLimit.Percent),
        IsUrgent = IsGiven(nameof(Urgent)) ? Urgent : task.IsUrgent,
        Priority = IsGiven(nameof(Priority)) ? Priority : task.Priority,
        RestartPolicy = IsGiven(nameof(RestartPolicy)) ? RestartPolicy : task.RestartPolicy,
        AllowUnknownSessions = IsGiven(nameof(AllowUnknownSessions)) ? AllowUnknownSessions : task.AllowUnknownSessions,
    };

    private TaskSchedule Apply(TaskSchedule schedule)
    {
        string zone = TimeZone ?? schedule.TimeZoneId;
        TimeZones.Find(zone);
        return schedule with
        {
            StartTime = IsGiven(nameof(StartTime)) ? ToUtc(StartTime, zone) : schedule.StartTime,
            EndTime = IsGiven(nameof(EndTime)) ? ToUtc(EndTime, zone) : schedule.EndTime,
            Deadline = IsGiven(nameof(Deadline)) ? ToUtc(Deadline, zone) : schedule.Deadline,
            StopTime = IsGiven(nameof(StopTime)) ? ToUtc(StopTime, zone) : schedule.StopTime,
            Windows = IsGiven(nameof(Window)) ? [.. (Window ?? []).Select(WindowArgument.Read)] : schedule.Windows,
            Recurrence = IsGiven(nameof(Schedule)) ? Schedule ?? string.Empty : schedule.Recurrence,
            TimeZoneId = zone,
        };
    }

    private PhaseTimeouts Apply(PhaseTimeouts timeouts)
    {
        TimeSpan total = Timeout ?? timeouts.Total;
        return timeouts with
        {
            Total = total,
            Waking = WakeTimeout ?? timeouts.Waking,
            Searching = SearchTimeout ?? Follow(timeouts.Searching),
            Downloading = DownloadTimeout ?? Follow(timeouts.Downloading),
            Applying = ApplyTimeout ?? Follow(timeouts.Applying),
            Rebooting = RebootTimeout ?? timeouts.Rebooting,
            CleanStop = CleanStopTimeout ?? timeouts.CleanStop,
        };

        // A phase that was only bounded by the whole goes on being that.
        TimeSpan Follow(TimeSpan phase) => phase == timeouts.Total ? total : phase;
    }

    private static DateTime? ToUtc(DateTime? time, string zone) => time switch
    {
        null => null,
        { Kind: DateTimeKind.Unspecified } local => TimeZones.ToUtc(local, TimeZones.Find(zone)),
        { } moment => moment.ToUniversalTime(),
    };
}
