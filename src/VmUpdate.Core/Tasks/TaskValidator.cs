namespace VmUpdate.Core.Tasks;

/// <summary>Checks a task before it is registered: everything that can be known to be wrong then is said then.</summary>
public static class TaskValidator
{
    /// <summary>A window shorter than this is refused: a machine is hardly awake by then.</summary>
    public static readonly TimeSpan ShortestWindow = TimeSpan.FromMinutes(5);

    private const int LongestName = 128;
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(7);

    /// <summary>Checks a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="machines">All machines of the host.</param>
    /// <param name="memoryForMachinesBytes">The most memory that a machine could ever be given on this host; 0 when not known.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>The machines it is for, and what was found: errors and warnings.</returns>
    public static (IReadOnlyList<TargetMachine> Machines, IReadOnlyList<TaskFinding> Findings) Check(
        UpdateTask task, IReadOnlyList<TargetMachine> machines, long memoryForMachinesBytes, DateTime now)
    {
        var findings = new List<TaskFinding>();
        CheckText(task, findings);
        CheckTimes(task.Schedule, now, findings);
        CheckLimits(task, findings);
        if (findings.TrueForAll(f => !f.IsError))
        {
            // A schedule with an error would only be read to say it again.
            CheckCalendar(task, now, findings);
        }

        IReadOnlyList<TargetMachine> targets = TargetResolver.Resolve(task.Targets, machines, findings);
        CheckMachines(targets, memoryForMachinesBytes, findings);
        return (targets, findings);
    }

    /// <summary>Checks a task and throws for the first error.</summary>
    /// <param name="task">The task.</param>
    /// <param name="machines">All machines of the host.</param>
    /// <param name="memoryForMachinesBytes">The most memory that a machine could ever be given on this host; 0 when not known.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>The machines it is for, and the warnings.</returns>
    /// <exception cref="TaskException">The first error.</exception>
    public static (IReadOnlyList<TargetMachine> Machines, IReadOnlyList<TaskFinding> Warnings) Require(
        UpdateTask task, IReadOnlyList<TargetMachine> machines, long memoryForMachinesBytes, DateTime now)
    {
        (IReadOnlyList<TargetMachine> targets, IReadOnlyList<TaskFinding> findings) = Check(task, machines, memoryForMachinesBytes, now);
        return findings.FirstOrDefault(f => f.IsError) is { } error
            ? throw new TaskException(error.Defect, task.Name, error.Message)
            : (targets, findings);
    }

    private static void CheckText(UpdateTask task, List<TaskFinding> findings)
    {
        if (task.Name.Trim().Length == 0 || task.Name.Length > LongestName || task.Name.Any(char.IsControl))
        {
            findings.Add(TaskFinding.Error(TaskDefect.BadName, $"A task's name has 1 to {LongestName} characters that can be shown."));
        }

        if (task.Instructor.Trim().Length == 0 || task.Instructor.Length > LongestName || task.Instructor.Any(char.IsControl))
        {
            findings.Add(TaskFinding.Error(TaskDefect.BadInstructor, $"An instructor's name has 1 to {LongestName} characters that can be shown."));
        }

        if (task.Payload.Length == 0 && task.Payload.Kind != PayloadKind.Context)
        {
            findings.Add(TaskFinding.Error(TaskDefect.PayloadEmpty, $"The {task.Payload.Kind.ToString().ToLowerInvariant()} is empty."));
        }
    }

    private static void CheckTimes(TaskSchedule schedule, DateTime now, List<TaskFinding> findings)
    {
        DateTime?[] times = [schedule.StartTime, schedule.EndTime, schedule.Deadline, schedule.StopTime];
        if (times.Any(t => t is { Kind: not DateTimeKind.Utc }))
        {
            findings.Add(TaskFinding.Error(TaskDefect.TimeNotUtc, "A time of the schedule is not in UTC."));
            return;
        }

        DateTime start = schedule.StartTime is { } given && given > now ? given : now;
        if (schedule.StartTime is { } from && schedule.EndTime is { } to && to < from)
        {
            findings.Add(TaskFinding.Error(TaskDefect.EndBeforeStart, $"The end time {to:u} is before the start time {from:u}: nothing could start."));
        }
        else if (schedule.EndTime is { } end && end <= now)
        {
            findings.Add(TaskFinding.Error(TaskDefect.EndInPast, $"The end time {end:u} is over: nothing could start."));
        }

        if (schedule.StopTime is { } stop && stop <= start)
        {
            findings.Add(TaskFinding.Error(TaskDefect.StopTooEarly, $"The stop time {stop:u} is not after {start:u}, the earliest start."));
        }

        if (schedule.Deadline is { } deadline && deadline < start)
        {
            findings.Add(TaskFinding.Warning(
                TaskDefect.DeadlineTooEarly, $"The deadline {deadline:u} is before {start:u}, the earliest start: the runs will be overdue."));
        }
    }

    private static void CheckLimits(UpdateTask task, List<TaskFinding> findings)
    {
        PhaseTimeouts timeouts = task.Timeouts;
        if (timeouts.Shortest < TimeSpan.FromSeconds(1) || timeouts.Total > LongestTimeout)
        {
            findings.Add(TaskFinding.Error(TaskDefect.BadLimit, $"A time-out is between one second and {LongestTimeout.TotalDays:0} days."));
        }

        if (task.Retry.MaxRetries is < 0 or > RetryRule.MostRetries
            || task.Retry.FirstDelay < TimeSpan.FromSeconds(1)
            || task.Retry.MaxDelay < task.Retry.FirstDelay)
        {
            findings.Add(TaskFinding.Error(
                TaskDefect.BadLimit, $"There are 0 to {RetryRule.MostRetries} retries, the first after a second or more, and the longest wait is not shorter."));
        }

        if (task.MaxRestarts < 0 || task.FailureLimit.Count is < 1 || task.FailureLimit.Percent is < 1 or > 100)
        {
            findings.Add(TaskFinding.Error(TaskDefect.BadLimit, "Restarts are 0 or more, a failure limit is 1 or more, a percentage 1 to 100."));
        }
    }

    private static void CheckCalendar(UpdateTask task, DateTime now, List<TaskFinding> findings)
    {
        TaskSchedule schedule = task.Schedule;
        foreach (MaintenanceWindow window in schedule.Windows)
        {
            if (window.Length < ShortestWindow)
            {
                findings.Add(TaskFinding.Error(
                    TaskDefect.WindowTooShort, $"The window {window} is open for {window.Length.TotalMinutes:0} min, and less than {ShortestWindow.TotalMinutes:0} min are of no use."));
            }
            else if (window.Length < KindDefaults.Of(task.Kind).AgentAway)
            {
                findings.Add(TaskFinding.Warning(
                    TaskDefect.WindowTooShort, $"The window {window} is open for {window.Length.TotalMinutes:0} min: runs that start in it may end long after it closed."));
            }
        }

        try
        {
            var calendar = new TaskCalendar(schedule);
            DateTime? first = calendar.FirstStart(now);
            if (first is null || first > (schedule.EndTime ?? DateTime.MaxValue) || first >= (schedule.StopTime ?? DateTime.MaxValue))
            {
                findings.Add(TaskFinding.Error(TaskDefect.NeverFires, $"The schedule '{schedule.Recurrence}' has no time to run at before the end."));
            }
            else if (schedule.Windows.Count > 0 && !OpensBeforeTheEnd(calendar, first.Value, schedule))
            {
                findings.Add(TaskFinding.Error(TaskDefect.WindowNeverOpens, "No maintenance window opens between the earliest and the latest start."));
            }
        }
        catch (TaskException failure)
        {
            findings.Add(TaskFinding.Error(failure.Defect, failure.Message));
        }
    }

    private static bool OpensBeforeTheEnd(TaskCalendar calendar, DateTime first, TaskSchedule schedule)
    {
        StartVerdict verdict = calendar.Ask(first, first);
        return verdict.MayStart
            || (verdict.Reason == StartReason.OutsideWindow
                && verdict.Until <= (schedule.EndTime ?? DateTime.MaxValue)
                && verdict.Until < (schedule.StopTime ?? DateTime.MaxValue));
    }

    private static void CheckMachines(IReadOnlyList<TargetMachine> targets, long memory, List<TaskFinding> findings)
    {
        List<TargetMachine> tooLarge = memory > 0 ? targets.Where(m => m.MemoryBytes > memory).ToList() : [];
        foreach (TargetMachine machine in tooLarge)
        {
            string message = $"Machine '{machine.Name}' needs {ByteCount.Text(machine.MemoryBytes)} of memory, and this host can give {ByteCount.Text(memory)} at most: "
                + "it is never woken while the limits are these.";
            findings.Add(tooLarge.Count == targets.Count
                ? TaskFinding.Error(TaskDefect.NeverFits, message)
                : TaskFinding.Warning(TaskDefect.NeverFits, message));
        }

        if (targets.Where(m => m.Kind == TargetKinds.Pooled).Select(m => m.Name).ToList() is { Count: > 0 } pooled)
        {
            findings.Add(TaskFinding.Warning(
                TaskDefect.PooledVm, $"{string.Join(", ", pooled.Take(3))}{(pooled.Count > 3 ? " and others" : string.Empty)}: pooled, "
                    + "so that what is changed is gone after the next swap. Update the pool's master instead."));
        }
    }
}
