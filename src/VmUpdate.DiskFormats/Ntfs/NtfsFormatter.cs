using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Makes an empty NTFS 3.1 volume.</summary>
public static class NtfsFormatter
{
    /// <summary>The smallest volume, in bytes.</summary>
    public const long MinSize = 8L * 1024 * 1024;

    /// <summary>The largest volume, in bytes.</summary>
    public const long MaxSize = 16L * 1024 * 1024 * 1024 * 1024;

    private const int IndexRecordSize = 4096;
    private const int MaxClusterSize = 64 * 1024;
    private const int MaxLabelLength = 32;

    /// <summary>Formats a device.</summary>
    /// <param name="device">
    /// The partition, which must read as zero where it was never written; what the volume's own files take is overwritten.
    /// </param>
    /// <param name="options">How.</param>
    /// <exception cref="ArgumentException">An option or the device's length is out of range.</exception>
    public static void Format(IBlockDevice device, NtfsFormatOptions options)
    {
        Check(device, options);
        long sectors = (device.Length / options.SectorSize) - 1; // the last sector is the boot sector's backup
        int recordSize = options.SectorSize > 1024 ? options.SectorSize : 1024;
        var geometry = new NtfsGeometry
        {
            SectorSize = options.SectorSize,
            ClusterSize = options.ClusterSize,
            TotalSectors = sectors,
            ClusterCount = sectors / (options.ClusterSize / options.SectorSize),
            RecordSize = recordSize,
            IndexRecordSize = IndexRecordSize,
            SerialNumber = options.SerialNumber,
            MftLcn = NtfsFormatLayout.MftLcn(options.ClusterSize, recordSize, sectors * options.SectorSize),
            MirrorLcn = NtfsFormatLayout.MirrorLcn(options.ClusterSize),
        };
        new NtfsFormatLayout(device, geometry, options).Write();
    }

    private static void Check(IBlockDevice device, NtfsFormatOptions options)
    {
        if (options.SectorSize is not (512 or 4096))
        {
            throw new ArgumentException($"A sector size of {options.SectorSize} bytes; 512 and 4096 are supported.", nameof(options));
        }

        bool isPowerOfTwo = (options.ClusterSize & (options.ClusterSize - 1)) == 0;
        if (!isPowerOfTwo || options.ClusterSize < options.SectorSize || options.ClusterSize > MaxClusterSize)
        {
            throw new ArgumentException(
                $"A cluster size of {options.ClusterSize} bytes; powers of two from the sector size to {MaxClusterSize} are supported.", nameof(options));
        }

        if (options.Label.Length > MaxLabelLength)
        {
            throw new ArgumentException($"A label of {options.Label.Length} characters; {MaxLabelLength} at most.", nameof(options));
        }

        // Windows counts clusters in 32 bits.
        if (device.Length < MinSize || device.Length > MaxSize || device.Length / options.ClusterSize > uint.MaxValue)
        {
            throw new ArgumentException($"A volume of {device.Length} bytes with clusters of {options.ClusterSize}.", nameof(device));
        }
    }
}
