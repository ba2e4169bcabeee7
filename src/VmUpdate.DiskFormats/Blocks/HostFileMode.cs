namespace VmUpdate.DiskFormats.Blocks;

/// <summary>What a host file is opened for, and whom that excludes.</summary>
public enum HostFileMode
{
    /// <summary>Reading; other readers may have it open, writers may not.</summary>
    Read,

    /// <summary>Reading and writing; nobody else may have it open, on Linux QEMU included.</summary>
    ReadWrite,
}
