using TimeZoneConverter;

namespace VmUpdate.Core.Tasks;

/// <summary>Time zones by their Windows or IANA id, on every system.</summary>
public static class TimeZones
{
    /// <summary>Finds a time zone.</summary>
    /// <param name="id">Its id, such as <c>W. Europe Standard Time</c> or <c>Europe/Berlin</c>; empty for the host's own.</param>
    /// <returns>The time zone.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.UnknownTimeZone"/>.</exception>
    public static TimeZoneInfo Find(string id)
    {
        if (id.Length == 0)
        {
            return TimeZoneInfo.Local;
        }

        return TZConvert.TryGetTimeZoneInfo(id, out TimeZoneInfo? zone)
            ? zone
            : throw new TaskException(
                TaskDefect.UnknownTimeZone, id, "no time zone of this computer has this id. Windows ids and IANA ids are understood.");
    }

    /// <summary>A local time's moment. A skipped time means the next valid minute; of a doubled one the first is meant.</summary>
    /// <param name="local">The local time; its kind is ignored.</param>
    /// <param name="zone">The time zone.</param>
    /// <returns>The moment, in UTC.</returns>
    public static DateTime ToUtc(DateTime local, TimeZoneInfo zone)
    {
        DateTime time = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(time))
        {
            // To the whole minute first: clocks are put forward on one.
            time = new DateTime(time.Ticks - (time.Ticks % TimeSpan.TicksPerMinute));
            while (zone.IsInvalidTime(time))
            {
                time = time.AddMinutes(1);
            }
        }

        TimeSpan offset = zone.IsAmbiguousTime(time) ? zone.GetAmbiguousTimeOffsets(time).Max() : zone.GetUtcOffset(time);
        return DateTime.SpecifyKind(time - offset, DateTimeKind.Utc);
    }

    /// <summary>Whether a moment is in the second pass of a doubled hour.</summary>
    /// <param name="utc">The moment.</param>
    /// <param name="zone">The time zone.</param>
    /// <returns>Whether its local time was there before.</returns>
    internal static bool IsSecondPass(DateTime utc, TimeZoneInfo zone)
    {
        DateTime local = DateTime.SpecifyKind(TimeZoneInfo.ConvertTimeFromUtc(utc, zone), DateTimeKind.Unspecified);
        return zone.IsAmbiguousTime(local) && ToUtc(local, zone) < utc;
    }
}
