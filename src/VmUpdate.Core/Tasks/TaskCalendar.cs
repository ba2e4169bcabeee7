namespace VmUpdate.Core.Tasks;

/// <summary>A task's schedule with its time zone at hand. The opening of the windows that was found last is kept, as all runs of the task ask for it.</summary>
internal sealed class TaskCalendar
{
    private readonly TaskSchedule _schedule;
    private readonly TimeZoneInfo _zone;
    private readonly Recurrence? _recurrence;
    private UtcSpan _opening;

    /// <summary>Reads a schedule.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <exception cref="TaskException">The time zone or the recurrence cannot be read.</exception>
    public TaskCalendar(TaskSchedule schedule)
    {
        _schedule = schedule;
        _zone = schedule.Windows.Count > 0 || schedule.IsRecurring ? TimeZones.Find(schedule.TimeZoneId) : TimeZoneInfo.Utc;
        _recurrence = schedule.IsRecurring ? Recurrence.Parse(schedule.Recurrence, _zone) : null;
    }

    /// <summary>The time from which a first run may start.</summary>
    /// <param name="registered">When the task was registered, in UTC.</param>
    /// <returns>The time in UTC; <see langword="null"/> when there is none.</returns>
    public DateTime? FirstStart(DateTime registered)
    {
        DateTime start = _schedule.StartTime is { } given && given > registered ? given : registered;
        return _recurrence is null ? start : BeforeTheEnd(_recurrence.Next(start.AddTicks(-1)));
    }

    /// <summary>The time from which the run after one may start. Times that were missed come once, with this one.</summary>
    /// <param name="after">When the run before ended, in UTC.</param>
    /// <returns>The time in UTC; <see langword="null"/> when there is none.</returns>
    public DateTime? NextStart(DateTime after) =>
        BeforeTheEnd(_recurrence?.Next(_schedule.StartTime > after ? _schedule.StartTime.Value.AddTicks(-1) : after));

    /// <summary>Whether a run may start now.</summary>
    /// <param name="now">The time, in UTC.</param>
    /// <param name="notBefore">The run's own earliest start, in UTC.</param>
    /// <returns>The answer, how long it holds, and why.</returns>
    public StartVerdict Ask(DateTime now, DateTime notBefore)
    {
        if (_schedule.StopTime is { } stop && now >= stop)
        {
            return StartVerdict.Over(StartReason.StopTimePassed);
        }

        if (_schedule.EndTime is { } end && now > end)
        {
            return StartVerdict.Over(StartReason.EndTimePassed);
        }

        DateTime over = Earlier(_schedule.StopTime, _schedule.EndTime?.AddTicks(1)) ?? DateTime.MaxValue;
        if (now < notBefore)
        {
            return StartVerdict.NotYet(StartReason.NotBeforeStart, notBefore < over ? notBefore : over);
        }

        if (_schedule.Windows.Count == 0)
        {
            return StartVerdict.Open(over);
        }

        if (Opening(now) is not { } opening)
        {
            return StartVerdict.NotYet(StartReason.NoWindowOpens, over);
        }

        return opening.Contains(now)
            ? StartVerdict.Open(opening.To < over ? opening.To : over)
            : StartVerdict.NotYet(StartReason.OutsideWindow, opening.From < over ? opening.From : over);
    }

    private DateTime? BeforeTheEnd(DateTime? start) => start > _schedule.EndTime || start >= _schedule.StopTime ? null : start;

    private static DateTime? Earlier(DateTime? a, DateTime? b) => a is { } first && b is { } second ? (first < second ? first : second) : a ?? b;

    private UtcSpan? Opening(DateTime now)
    {
        if (_opening.Contains(now))
        {
            return _opening;
        }

        UtcSpan? best = null;
        foreach (MaintenanceWindow window in _schedule.Windows)
        {
            if (window.NextOpening(now, _zone) is { } opening && (best is not { } soFar || opening.From < soFar.From))
            {
                best = opening;
            }
        }

        _opening = best ?? default;
        return best;
    }
}
