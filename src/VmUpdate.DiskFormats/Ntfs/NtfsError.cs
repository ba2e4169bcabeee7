namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Makes the failures of this folder, so that all of them name structure and place alike.</summary>
internal static class NtfsError
{
    /// <summary>A field contradicts another.</summary>
    public static DiskFormatException Inconsistent(string structure, long offset, string message) =>
        new(DiskFormatDefect.Inconsistent, structure, offset, message);

    /// <summary>An offset or length leads out of what holds it.</summary>
    public static DiskFormatException OutOfBounds(string structure, long offset, string message) =>
        new(DiskFormatDefect.OutOfBounds, structure, offset, message);

    /// <summary>A named limit is passed.</summary>
    public static DiskFormatException LimitExceeded(string structure, long offset, string message) =>
        new(DiskFormatDefect.LimitExceeded, structure, offset, message);

    /// <summary>Known, not supported, nothing written.</summary>
    public static DiskFormatException NotSupported(string subject, string message) =>
        new(DiskFormatDefect.NotSupported, "NTFS volume", -1, message, subject);

    /// <summary>A path or stream that is not there.</summary>
    public static DiskFormatException NotFound(string subject, string message) =>
        new(DiskFormatDefect.NotFound, "NTFS volume", -1, message, subject);

    /// <summary>A path or stream that is there already.</summary>
    public static DiskFormatException AlreadyExists(string subject, string message) =>
        new(DiskFormatDefect.AlreadyExists, "NTFS volume", -1, message, subject);

    /// <summary>No room.</summary>
    public static DiskFormatException NoSpace(string message) => new(DiskFormatDefect.NoSpace, "NTFS volume", -1, message);
}
