namespace VmUpdate.DiskFormats;

/// <summary>Why the bytes of a disk were not believed, or not written. The names are part of the PowerShell error ids.</summary>
public enum DiskFormatDefect
{
    /// <summary>A structure does not start with its signature.</summary>
    WrongSignature,

    /// <summary>A structure's checksum does not fit its bytes.</summary>
    WrongChecksum,

    /// <summary>The bytes end before the structure does.</summary>
    Truncated,

    /// <summary>An offset, a length or an index leads out of what holds it.</summary>
    OutOfBounds,

    /// <summary>A field contradicts another, or holds a value that no writer may write.</summary>
    Inconsistent,

    /// <summary>The structure's version is not one this library knows.</summary>
    UnsupportedVersion,

    /// <summary>The feature is known and not supported; nothing was written.</summary>
    NotSupported,

    /// <summary>A number is greater than this library's own named limit.</summary>
    LimitExceeded,

    /// <summary>The file is not of the format it was opened as (a VHD, a text file).</summary>
    WrongFormat,

    /// <summary>A parent of a differencing disk was not found, or is not the parent the child was made from.</summary>
    ParentNotFound,

    /// <summary>The parent that was found has another identity or geometry than the child was made from.</summary>
    ParentMismatch,

    /// <summary>The chain of parents is too long or leads back to itself.</summary>
    ParentLoop,

    /// <summary>A parent path leads to a place that is not allowed.</summary>
    ParentNotAllowed,

    /// <summary>The volume's dirty flag is set: it may be read, not written.</summary>
    VolumeDirty,

    /// <summary>The volume's journal holds work that is not on the volume yet.</summary>
    JournalNotClean,

    /// <summary>The volume belongs to a hibernated Windows.</summary>
    Hibernated,

    /// <summary>The volume is encrypted with BitLocker.</summary>
    BitLocker,

    /// <summary>No NTFS volume, or none with what is looked for, is on the disk.</summary>
    VolumeNotFound,

    /// <summary>A file, folder, stream, key or value does not exist on the guest's disk.</summary>
    NotFound,

    /// <summary>A file, folder or key of that name exists on the guest's disk already.</summary>
    AlreadyExists,

    /// <summary>The volume, the file table or the hive has no room left.</summary>
    NoSpace,
}
