using System.Globalization;

namespace VmUpdate.Core.Tasks;

/// <summary>A span of the week, in local time, in which runs may start.</summary>
/// <param name="Days">The days on which it opens; none means every day.</param>
/// <param name="Opens">The time of day at which it opens.</param>
/// <param name="Closes">The time of day at which it closes; on the next day when it is not after <paramref name="Opens"/>.</param>
public sealed record MaintenanceWindow(IReadOnlyList<DayOfWeek> Days, TimeSpan Opens, TimeSpan Closes)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>How long it is open on a day without a change of the clocks.</summary>
    public TimeSpan Length => Closes > Opens ? Closes - Opens : Closes - Opens + Day;

    /// <summary>Reads a window: <c>22:00-04:00</c>, <c>Sat,Sun 20:00-06:00</c>, <c>Mon-Fri 23:30-05:00</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The window.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.BadWindow"/>.</exception>
    public static MaintenanceWindow Parse(string text)
    {
        string[] parts = text.Split([' '], StringSplitOptions.RemoveEmptyEntries);
        string[] times = parts.Length is 1 or 2 ? parts[parts.Length - 1].Split('-') : [];
        List<DayOfWeek>? days = parts.Length == 2 ? ReadDays(parts[0]) : [];
        return times.Length == 2 && days is not null && ReadTime(times[0]) is { } opens && ReadTime(times[1]) is { } closes
            ? new MaintenanceWindow(days, opens, closes)
            : throw new TaskException(
                TaskDefect.BadWindow, text, "it is no maintenance window. Write it as '22:00-04:00', 'Sat,Sun 20:00-06:00' or 'Mon-Fri 23:30-05:00'.");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string times = string.Format(CultureInfo.InvariantCulture, "{0:hh\\:mm}-{1:hh\\:mm}", Opens, Closes);
        return Days.Count == 0 ? times : $"{string.Join(",", Days.Select(d => d.ToString().Substring(0, 3)))} {times}";
    }

    /// <inheritdoc/>
    public bool Equals(MaintenanceWindow? other) =>
        other is not null && Opens == other.Opens && Closes == other.Closes && Days.SequenceEqual(other.Days);

    /// <inheritdoc/>
    public override int GetHashCode() => Opens.GetHashCode() ^ Closes.GetHashCode();

    /// <summary>The opening that is now or comes next.</summary>
    /// <param name="utc">The moment.</param>
    /// <param name="zone">The time zone that the window means.</param>
    /// <returns>When it opens and closes, in UTC: closes after <paramref name="utc"/>.</returns>
    internal UtcSpan? NextOpening(DateTime utc, TimeZoneInfo zone)
    {
        DateTime today = TimeZoneInfo.ConvertTimeFromUtc(utc, zone).Date;

        // From yesterday, as it may be open past midnight, to a week and a day ahead, as a change of the clocks may swallow one.
        for (int day = -1; day <= 14; day++)
        {
            DateTime date = today.AddDays(day);
            if (Days.Count > 0 && !Days.Contains(date.DayOfWeek))
            {
                continue;
            }

            DateTime opens = TimeZones.ToUtc(date + Opens, zone);
            DateTime closes = TimeZones.ToUtc(date + Opens + Length, zone);
            if (closes > utc && closes > opens)
            {
                return new UtcSpan(opens, closes);
            }
        }

        return null;
    }

    private static TimeSpan? ReadTime(string text) =>
        TimeSpan.TryParseExact(text, ["h\\:mm", "hh\\:mm"], CultureInfo.InvariantCulture, out TimeSpan time) ? time : null;

    private static List<DayOfWeek>? ReadDays(string text)
    {
        var days = new List<DayOfWeek>();
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || ReadDay(ends[0]) is not { } first || ReadDay(ends[ends.Length - 1]) is not { } last)
            {
                return null;
            }

            for (int day = (int)first; ; day = (day + 1) % 7)
            {
                days.Add((DayOfWeek)day);
                if (day == (int)last)
                {
                    break;
                }
            }
        }

        return days;
    }

    private static DayOfWeek? ReadDay(string text)
    {
        for (DayOfWeek day = DayOfWeek.Sunday; day <= DayOfWeek.Saturday; day++)
        {
            if (text.Length >= 2 && day.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase))
            {
                return day;
            }
        }

        return null;
    }
}
