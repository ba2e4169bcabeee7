using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>
/// The order of runs: urgent, earliest deadline, registration. It does not change while a run waits, so that nothing has to be sorted again,
/// and nothing starves: what waited for <see cref="UrgentLead"/> goes before urgent runs that came later.
/// </summary>
/// <param name="Primary">When its turn is, in ticks.</param>
/// <param name="Deadline">Its deadline, in ticks, between equal turns.</param>
/// <param name="Ordinal">Its place in the order of registration.</param>
internal readonly record struct RunKey(long Primary, long Deadline, long Ordinal) : IComparable<RunKey>
{
    /// <summary>How much older than an urgent run another must be to go before it.</summary>
    public static readonly TimeSpan UrgentLead = TimeSpan.FromDays(7);

    /// <summary>The key of a run.</summary>
    /// <param name="task">Its task.</param>
    /// <param name="due">When its schedule lets it start, in UTC.</param>
    /// <param name="ordinal">Its place in the order of registration.</param>
    /// <returns>The key.</returns>
    public static RunKey Of(UpdateTask task, DateTime due, long ordinal)
    {
        // The end of time is kept out: with the lead it would overflow.
        long deadline = Math.Min((task.Schedule.Deadline ?? DateTime.MaxValue).Ticks, DateTime.MaxValue.Ticks - UrgentLead.Ticks);
        if (task.IsUrgent)
        {
            return new RunKey(due.Ticks, deadline, ordinal);
        }

        long turn = Math.Max(Math.Min(deadline, due.Ticks + PatienceOf(task.Priority).Ticks), due.Ticks);
        return new RunKey(turn + UrgentLead.Ticks, deadline, ordinal);
    }

    /// <inheritdoc/>
    public int CompareTo(RunKey other)
    {
        int byTurn = Primary.CompareTo(other.Primary);
        if (byTurn != 0)
        {
            return byTurn;
        }

        int byDeadline = Deadline.CompareTo(other.Deadline);
        return byDeadline != 0 ? byDeadline : Ordinal.CompareTo(other.Ordinal);
    }

    private static TimeSpan PatienceOf(TaskPriority priority) => priority switch
    {
        TaskPriority.High => TimeSpan.FromHours(2),
        TaskPriority.Low => TimeSpan.FromDays(3),
        _ => TimeSpan.FromDays(1),
    };
}
