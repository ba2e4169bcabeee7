namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What this library accepts of an NTFS volume at most. A volume is hostile until shown otherwise.</summary>
internal static class NtfsLimits
{
    /// <summary>Windows formats clusters of up to 2 MiB, in bytes.</summary>
    public const int MaxClusterSize = 2 * 1024 * 1024;

    /// <summary>A file record is 1 KiB, on disks of 4 KiB sectors 4 KiB; nothing larger was ever written by Windows.</summary>
    public const int MaxRecordSize = 4096;

    /// <summary>Index records are 4 KiB; old tools wrote up to 64 KiB.</summary>
    public const int MaxIndexRecordSize = 64 * 1024;

    /// <summary>Windows itself gives up on an attribute list past 256 KiB.</summary>
    public const int MaxAttributeListSize = 256 * 1024;

    /// <summary>A B+ tree of 4 KiB nodes with four billion entries is less than 32 deep.</summary>
    public const int MaxIndexDepth = 32;

    /// <summary>A record number has 48 bits, but Windows stops at 2^32 - 1 files.</summary>
    public const long MaxRecordNumber = 0xFFFF_FFFF;

    /// <summary>The greatest length of a stream, in bytes: 2^60, so that sums of two never leave 64 bits.</summary>
    public const long MaxStreamLength = 1L << 60;

    /// <summary>What is read whole (bitmaps of indexes) is never longer: 64 MiB of bits are 500 million nodes.</summary>
    public const int MaxWholeAttribute = 64 * 1024 * 1024;

    /// <summary>A security descriptor's two ACLs have at most 64 KiB each; with owner and group less than 256 KiB.</summary>
    public const int MaxSecurityDescriptorSize = 192 * 1024;

    /// <summary>A name is counted in one byte, in UTF-16 units.</summary>
    public const int MaxNameLength = 255;

    /// <summary>How many unchanged file records are remembered: about 8 MiB.</summary>
    public const int CachedRecords = 4096;

    /// <summary>How many unchanged index records of one folder are remembered: 2 MiB.</summary>
    public const int CachedIndexRecords = 512;

    /// <summary>How many changed file records are held back before they are written without being asked: about 16 MiB.</summary>
    public const int HeldBackRecords = 8192;
}
