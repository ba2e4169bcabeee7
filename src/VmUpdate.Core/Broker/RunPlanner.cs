using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Makes runs out of tasks.</summary>
internal static class RunPlanner
{
    /// <summary>The first runs of a task that is being registered.</summary>
    /// <param name="task">The task.</param>
    /// <param name="machines">Its machines.</param>
    /// <param name="jitterSeed">Where the start jitter comes from.</param>
    /// <param name="longestJitter">The longest jitter.</param>
    /// <returns>The runs, one for each machine; none when the schedule has no time any more.</returns>
    public static IReadOnlyList<UpdateRun> First(UpdateTask task, IReadOnlyList<TargetMachine> machines, int jitterSeed, TimeSpan longestJitter) =>
        new TaskCalendar(task.Schedule).FirstStart(task.Registered) is { } due
            ? machines.Select(m => Plan(task, m, 1, due, jitterSeed, longestJitter)).ToList()
            : [];

    /// <summary>One run.</summary>
    /// <param name="task">The task.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="occurrence">Its occurrence.</param>
    /// <param name="due">The time that the schedule gives it, in UTC.</param>
    /// <param name="jitterSeed">Where the start jitter comes from.</param>
    /// <param name="longestJitter">The longest jitter.</param>
    /// <returns>The run.</returns>
    public static UpdateRun Plan(UpdateTask task, TargetMachine machine, int occurrence, DateTime due, int jitterSeed, TimeSpan longestJitter)
    {
        Guid id = RunIds.Of(task.Id, machine.Key.VmId, occurrence);
        DateTime notBefore = NotBefore(task, id, due, jitterSeed, longestJitter);
        return new UpdateRun
        {
            Id = id, TaskId = task.Id, Vm = machine.Key, VmName = machine.Name, Occurrence = occurrence, Due = due, NotBefore = notBefore,
        };
    }

    /// <summary>A run that waits, at another time.</summary>
    /// <param name="task">The task.</param>
    /// <param name="run">The run.</param>
    /// <param name="due">The time that the schedule gives it now, in UTC.</param>
    /// <param name="jitterSeed">Where the start jitter comes from.</param>
    /// <param name="longestJitter">The longest jitter.</param>
    /// <returns>The run.</returns>
    public static UpdateRun Postpone(UpdateTask task, UpdateRun run, DateTime due, int jitterSeed, TimeSpan longestJitter) =>
        run with { Due = due, NotBefore = NotBefore(task, run.Id, due, jitterSeed, longestJitter) };

    private static DateTime NotBefore(UpdateTask task, Guid id, DateTime due, int jitterSeed, TimeSpan longestJitter)
    {
        // Jitter spreads what a clock starts. What somebody asks for now, or urgently, is not to wait for chance.
        bool isSpread = !task.IsUrgent && due > task.Registered;
        DateTime notBefore = isSpread ? due + StartJitter.Of(jitterSeed, id, longestJitter) : due;
        return task.Schedule.EndTime is { } end && notBefore > end ? due : notBefore;
    }

    /// <summary>The number for the first run of a machine that joins a recurring task later: it may have been in it before.</summary>
    /// <param name="due">The time that the schedule gives it, in UTC.</param>
    /// <returns>A number that grows with time, beyond those that are counted.</returns>
    public static int OccurrenceOf(DateTime due) => (int)(due.Ticks / TimeSpan.TicksPerMinute / 4) + 1;
}
