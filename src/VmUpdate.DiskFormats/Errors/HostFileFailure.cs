namespace VmUpdate.DiskFormats;

/// <summary>Why a file of the host could not be used. The names are part of the PowerShell error ids.</summary>
public enum HostFileFailure
{
    /// <summary>The file or folder does not exist.</summary>
    NotFound,

    /// <summary>A file of that name exists already.</summary>
    AlreadyExists,

    /// <summary>Another program holds the file.</summary>
    InUse,

    /// <summary>The caller has no right to it.</summary>
    AccessDenied,

    /// <summary>The host's volume is full.</summary>
    DiskFull,

    /// <summary>The host's file system or device failed.</summary>
    Io,
}
