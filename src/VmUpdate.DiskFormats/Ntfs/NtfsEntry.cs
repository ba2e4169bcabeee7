namespace VmUpdate.DiskFormats.Ntfs;

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
