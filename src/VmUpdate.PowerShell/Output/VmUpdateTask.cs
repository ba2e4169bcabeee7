using VmUpdate.Core.Broker;
using VmUpdate.Core.Tasks;

namespace VmUpdate.PowerShell.Output;

/// <summary>An update task: what is to be done, to which machines, when, and what became of it. Times are in UTC.</summary>
public sealed class VmUpdateTask
{
    internal VmUpdateTask(TaskRecord record, string computerName, string payload)
    {
        UpdateTask task = record.Task;
        TaskName = task.Name;
        TaskId = task.Id;
        Kind = task.Kind;
        Instructor = task.Instructor;
        State = record.IsSuspended ? "Suspended" : record.IsHeldByFailures ? "HeldByFailures" : "Active";
        OpenRuns = record.OpenRuns;
        EndedRuns = record.EndedRuns;
        FailedRuns = record.FailedRuns;
        Target = new NameList(Targets(task.Targets));
        (StartTime, EndTime, Deadline, StopTime) = (task.Schedule.StartTime, task.Schedule.EndTime, task.Schedule.Deadline, task.Schedule.StopTime);
        Window = new NameList(task.Schedule.Windows.Select(window => window.ToString()));
        Schedule = task.Schedule.Recurrence;
        TimeZone = task.Schedule.TimeZoneId;
        Priority = task.Priority;
        Urgent = task.IsUrgent;
        RestartPolicy = task.RestartPolicy;
        AllowUnknownSessions = task.AllowUnknownSessions;
        Timeout = task.Timeouts.Total;
        WakeTimeout = task.Timeouts.Waking;
        SearchTimeout = task.Timeouts.Searching;
        DownloadTimeout = task.Timeouts.Downloading;
        ApplyTimeout = task.Timeouts.Applying;
        RebootTimeout = task.Timeouts.Rebooting;
        CleanStopTimeout = task.Timeouts.CleanStop;
        MaxRestarts = task.MaxRestarts;
        Retry = task.Retry.MaxRetries;
        RetryDelay = task.Retry.FirstDelay;
        RetryMaxDelay = task.Retry.MaxDelay;
        StopOnFailureCount = task.FailureLimit.Count;
        StopOnFailurePercent = task.FailureLimit.Percent;
        PayloadKind = task.Payload.Kind;
        PayloadName = task.Payload.FileName;
        PayloadLength = task.Payload.Length;
        PayloadSha256 = task.Payload.Sha256;
        PayloadText = payload;
        Registered = task.Registered;
        RegisteredBy = task.RegisteredBy;
        Origin = task.GuestRequest is null ? "Prompt" : "GuestRequest";
        GuestRequestId = task.GuestRequest;
        ComputerName = computerName;
    }

    /// <summary>Its name. Not called Name: piped on, it would pass for the name of a virtual machine.</summary>
    public string TaskName { get; }

    /// <summary>Its id.</summary>
    public Guid TaskId { get; }

    /// <summary>What it does; the kind set the limits that were not given.</summary>
    public UpdateTaskKind Kind { get; }

    /// <summary>Who orders it: the name of the update instructor whose agent performs it.</summary>
    public string Instructor { get; }

    /// <summary><c>Active</c>, <c>Suspended</c>, or <c>HeldByFailures</c>: too many of its runs failed.</summary>
    public string State { get; }

    /// <summary>How many of its runs have not ended.</summary>
    public int OpenRuns { get; }

    /// <summary>How many have.</summary>
    public int EndedRuns { get; }

    /// <summary>How many of these did not succeed.</summary>
    public int FailedRuns { get; }

    /// <summary>The machines it is for.</summary>
    public NameList Target { get; }

    /// <summary>The earliest start.</summary>
    public DateTime? StartTime { get; }

    /// <summary>The latest start.</summary>
    public DateTime? EndTime { get; }

    /// <summary>Orders runs that may start; passing it shows as overdue.</summary>
    public DateTime? Deadline { get; }

    /// <summary>The hard end.</summary>
    public DateTime? StopTime { get; }

    /// <summary>The maintenance windows in which its runs may start.</summary>
    public NameList Window { get; }

    /// <summary>The cron expression by which it comes again; empty for a task that runs once on each machine.</summary>
    public string Schedule { get; }

    /// <summary>The time zone of windows and schedule; empty for the host's.</summary>
    public string TimeZone { get; }

    /// <summary>How soon it goes first although it has no deadline.</summary>
    public TaskPriority Priority { get; }

    /// <summary>Whether it goes before all others.</summary>
    public bool Urgent { get; }

    /// <summary>When a needed restart is done.</summary>
    public RestartPolicy RestartPolicy { get; }

    /// <summary>Whether a machine whose sessions cannot be known counts as not in use.</summary>
    public bool AllowUnknownSessions { get; }

    /// <summary>How long a run may take, from hand-over to result.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>How long waking may take, until the guest answers.</summary>
    public TimeSpan WakeTimeout { get; }

    /// <summary>How long the agent may search.</summary>
    public TimeSpan SearchTimeout { get; }

    /// <summary>How long it may download.</summary>
    public TimeSpan DownloadTimeout { get; }

    /// <summary>How long it may apply.</summary>
    public TimeSpan ApplyTimeout { get; }

    /// <summary>How long a restart may take, and how long the agent may be silent.</summary>
    public TimeSpan RebootTimeout { get; }

    /// <summary>How long a machine that was found off may take to shut down again.</summary>
    public TimeSpan CleanStopTimeout { get; }

    /// <summary>How often the guest may restart in one run.</summary>
    public int MaxRestarts { get; }

    /// <summary>How often a failed run is tried again.</summary>
    public int Retry { get; }

    /// <summary>The wait before the first retry; it doubles each time.</summary>
    public TimeSpan RetryDelay { get; }

    /// <summary>The longest wait before a retry.</summary>
    public TimeSpan RetryMaxDelay { get; }

    /// <summary>After so many failed runs the rest is held.</summary>
    public int? StopOnFailureCount { get; }

    /// <summary>When so many of a hundred ended runs failed, the rest is held.</summary>
    public int? StopOnFailurePercent { get; }

    /// <summary>What the agent is handed: a command, a script or bytes.</summary>
    public PayloadKind PayloadKind { get; }

    /// <summary>The script's file name.</summary>
    public string PayloadName { get; }

    /// <summary>Its length in bytes.</summary>
    public int PayloadLength { get; }

    /// <summary>Its hash at registration. It is compared before the payload is handed over.</summary>
    public string PayloadSha256 { get; }

    /// <summary>The command or script itself, or the bytes in base 64; empty unless -Detailed was given.</summary>
    public string PayloadText { get; }

    /// <summary>When it was registered.</summary>
    public DateTime Registered { get; }

    /// <summary>Who registered it: account and computer, or the machine whose guest asked for it.</summary>
    public string RegisteredBy { get; }

    /// <summary>Where it came from: <c>Prompt</c>, or <c>GuestRequest</c> when a machine's guest asked for its own update.</summary>
    public string Origin { get; }

    /// <summary>The guest's own id of its request; empty for others.</summary>
    public Guid? GuestRequestId { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => TaskName;

    private static IEnumerable<string> Targets(TaskTargets targets)
    {
        IEnumerable<string> kinds = targets.Kinds switch
        {
            TargetKinds.None => [],
            TargetKinds.All => ["all personal and pooled machines"],
            _ => [$"all {targets.Kinds.ToString().ToLowerInvariant()} machines"],
        };
        return targets.Names
            .Concat(targets.Patterns)
            .Concat(targets.Ids.Select(id => id.ToString()))
            .Concat(targets.Pools.Select(pool => $"pool {pool}"))
            .Concat(kinds);
    }
}
