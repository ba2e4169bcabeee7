namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What a volume's state allows.</summary>
public enum NtfsServiceState
{
    /// <summary>Reading and writing.</summary>
    Clean,

    /// <summary>The dirty flag is set: reading, with a warning; no writing.</summary>
    Dirty,

    /// <summary>The journal holds work that is not on the volume: neither.</summary>
    JournalNotClean,

    /// <summary>Windows is hibernated (or fast start-up is on): neither.</summary>
    Hibernated,
}

/// <summary>What a partition's first sector says.</summary>
public enum NtfsProbe
{
    /// <summary>Something else.</summary>
    Other,

    /// <summary>An NTFS volume.</summary>
    Ntfs,

    /// <summary>A volume encrypted with BitLocker.</summary>
    BitLocker,
}

/// <summary>How a volume is opened.</summary>
public sealed class NtfsOpenOptions
{
    /// <summary>Whether it will be written.</summary>
    public bool Writable { get; init; }

    /// <summary>The time for what is created or changed, in UTC; needed for writing.</summary>
    public Func<DateTime>? UtcNow { get; init; }
}

/// <summary>The four times of a file, in UTC.</summary>
/// <param name="Created">When the file was made.</param>
/// <param name="Modified">When its data last changed.</param>
/// <param name="Changed">When its record last changed.</param>
/// <param name="Accessed">When it was last read.</param>
public readonly record struct NtfsTimes(DateTime Created, DateTime Modified, DateTime Changed, DateTime Accessed);

/// <summary>A stream of a file.</summary>
/// <param name="Name">Its name; empty for the unnamed one.</param>
/// <param name="Length">Its length, in bytes.</param>
public readonly record struct NtfsStreamInfo(string Name, long Length);

/// <summary>A file or folder.</summary>
/// <param name="Path">Its path, the names as the volume spells them.</param>
/// <param name="RecordNumber">Its number in the file table.</param>
/// <param name="IsDirectory">Whether it is a folder.</param>
/// <param name="Length">The unnamed stream's length, in bytes; 0 for a folder.</param>
/// <param name="Attributes">The attribute bits of $STANDARD_INFORMATION.</param>
/// <param name="Times">The times of $STANDARD_INFORMATION.</param>
/// <param name="ReparseTag">The reparse point's tag; 0 when it is none.</param>
public sealed record NtfsEntry(
    GuestPath Path, long RecordNumber, bool IsDirectory, long Length, FileAttributes Attributes, NtfsTimes Times, uint ReparseTag);

/// <summary>What a new file or folder is to be.</summary>
public sealed class NtfsCreateProperties
{
    /// <summary>Whether it is a folder.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>Its self-relative security descriptor; inherited from the folder above when null.</summary>
    public byte[]? SecurityDescriptor { get; init; }

    /// <summary>Its times; now when null.</summary>
    public NtfsTimes? Times { get; init; }

    /// <summary>Its attribute bits; those of a plain file when null.</summary>
    public FileAttributes? Attributes { get; init; }
}
