namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>How a volume is opened.</summary>
public sealed class NtfsOpenOptions
{
    /// <summary>Whether it will be written.</summary>
    public bool Writable { get; init; }

    /// <summary>The time for what is created or changed, in UTC; needed for writing.</summary>
    public Func<DateTime>? UtcNow { get; init; }

    /// <summary>Reads a volume whatever its journal says. Not public: what such a volume shows may be half of a change.</summary>
    internal bool IgnoreJournal { get; init; }
}
