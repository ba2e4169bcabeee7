namespace VmUpdate.DiskFormats.Registry;

/// <summary>How a hive is opened.</summary>
public sealed class RegistryOpenOptions
{
    /// <summary>Whether it will be written.</summary>
    public bool Writable { get; init; }

    /// <summary>The time for LastWritten fields, in UTC; needed for writing.</summary>
    public Func<DateTime>? UtcNow { get; init; }

    /// <summary>
    /// Whether the disk must survive a crash as it is: then one log entry with all pages is written before the hive itself. A fresh
    /// child that would be made anew needs none.
    /// </summary>
    public bool WriteLog { get; init; }

    /// <summary>
    /// Whether the log, where neither of the hive's logs shows a form, is written in the one of Windows before 8.1 (a dirty vector), which
    /// alone such a Windows knows. Later ones know both.
    /// </summary>
    public bool OldLogForm { get; init; }
}
