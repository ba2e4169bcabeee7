namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The reparse tags that matter here.</summary>
internal static class NtfsReparseTag
{
    /// <summary>The data is packed in another stream (CompactOS): the unnamed stream reads as zeros.</summary>
    public const uint Wof = 0x80000017;

    /// <summary>[MS-FSCC] 2.1.2: 16 KiB at most, in bytes.</summary>
    public const int MaxValueSize = 16 * 1024;
}
