using Cronos;

namespace VmUpdate.Core.Tasks;

/// <summary>The times of a cron expression in a time zone: minute, hour, day, month, day of the week; with a sixth field, seconds come first.</summary>
internal sealed class Recurrence
{
    // A doubled hour has at most 3600 seconds to pass over.
    private const int MostPassedOver = 2 * 3600;

    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    private Recurrence(CronExpression expression, TimeZoneInfo zone)
    {
        _expression = expression;
        _zone = zone;
    }

    /// <summary>Reads an expression.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="zone">The time zone that it means.</param>
    /// <returns>The recurrence.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.BadSchedule"/>.</exception>
    public static Recurrence Parse(string expression, TimeZoneInfo zone)
    {
        int fields = expression.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Length;
        try
        {
            return new Recurrence(CronExpression.Parse(expression, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard), zone);
        }
        catch (CronFormatException failure)
        {
            throw new TaskException(TaskDefect.BadSchedule, expression, $"it is no cron expression. {failure.Message}", failure);
        }
    }

    /// <summary>The next time. Skipped local times come at the next valid minute, doubled ones once.</summary>
    /// <param name="after">The moment, in UTC; itself not included.</param>
    /// <returns>The time in UTC; <see langword="null"/> when there is none.</returns>
    public DateTime? Next(DateTime after)
    {
        DateTime? next = after;
        for (int i = 0; i < MostPassedOver && next is { } from; i++)
        {
            next = _expression.GetNextOccurrence(from, _zone);
            if (next is { } found && !TimeZones.IsSecondPass(found, _zone))
            {
                return found;
            }
        }

        return null;
    }
}
