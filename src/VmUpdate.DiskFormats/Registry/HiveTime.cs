namespace VmUpdate.DiskFormats.Registry;

/// <summary>Times as hives hold them: FILETIME, 100-nanosecond units since 1601, UTC.</summary>
internal static class HiveTime
{
    private static readonly long Latest = DateTime.MaxValue.Ticks - new DateTime(1601, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>Reads a time; one out of the calendar's range becomes its first or last.</summary>
    /// <param name="fileTime">The time as stored.</param>
    /// <returns>The time, in UTC.</returns>
    public static DateTime ToDateTime(long fileTime) => DateTime.FromFileTimeUtc(Math.Min(Math.Max(0, fileTime), Latest));
}
