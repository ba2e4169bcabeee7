using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Makes an empty NTFS 3.1 volume.</summary>
public static class NtfsFormatter
{
    /// <summary>Formats a device.</summary>
    /// <param name="device">The partition; all of it is overwritten or left as zero.</param>
    /// <param name="options">How.</param>
    public static void Format(IBlockDevice device, NtfsFormatOptions options) => throw new NotSupportedException();
}
