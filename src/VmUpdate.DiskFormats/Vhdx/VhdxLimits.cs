namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>The numbers of the format, and the bounds that this library sets itself so that no file makes it allocate or loop at will.</summary>
internal static class VhdxLimits
{
    internal const int OneMebibyte = 1024 * 1024;

    /// <summary>[MS-VHDX] 2.6.2.1: 1 MiB to 256 MiB, a power of two.</summary>
    internal const int MinBlockSize = OneMebibyte;

    /// <summary>[MS-VHDX] 2.6.2.1.</summary>
    internal const int MaxBlockSize = 256 * OneMebibyte;

    /// <summary>What Hyper-V gives every differencing disk, so do we.</summary>
    internal const int ChildBlockSize = 2 * OneMebibyte;

    /// <summary>[MS-VHDX] 2.6.2.2: 64 TiB.</summary>
    internal const long MaxVirtualLength = 64L << 40;

    /// <summary>Twice the greatest disk: no structure of a believable file lies behind it, and sums of two places never overflow.</summary>
    internal const long MaxFileLength = 128L << 40;

    /// <summary>[MS-VHDX] 2.2.3.1 and 2.6.1.1.</summary>
    internal const int MaxTableEntries = 2047;

    /// <summary>[MS-VHDX] 2.6.1.2: one metadata item's greatest length.</summary>
    internal const int MaxMetadataItemLength = OneMebibyte;

    /// <summary>Paths are at most 32,767 characters; three of them and three ids fit, with room.</summary>
    internal const int MaxParentLocatorLength = 512 * 1024;

    /// <summary>The format knows six; an unknown type may have more.</summary>
    internal const int MaxParentLocatorEntries = 64;

    /// <summary>Hyper-V writes 1 MiB, and more for huge disks; the log is held in memory while it is searched.</summary>
    internal const int MaxLogLength = 64 * OneMebibyte;

    /// <summary>A BAT up to this length is read and checked whole at opening (it then describes 256 GiB in 2 MiB blocks).</summary>
    internal const int MaxBatReadAtOpen = OneMebibyte;

    /// <summary>For writing a longer one is checked whole too, up to this; beyond, each entry is checked when it is used.</summary>
    internal const int MaxBatCheckedForWriting = 64 * OneMebibyte;

    /// <summary>Files in one chain. Hyper-V makes far shorter ones.</summary>
    internal const int MaxChainDepth = 64;

    /// <summary>The log's and the tables' unit of change, [MS-VHDX] 2.3.1.</summary>
    internal const int PageSize = 4096;
}
