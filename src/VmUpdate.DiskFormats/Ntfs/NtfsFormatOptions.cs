namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>How a volume is formatted.</summary>
public sealed class NtfsFormatOptions
{
    /// <summary>The volume's label, up to 32 characters.</summary>
    public string Label { get; init; } = string.Empty;

    /// <summary>The cluster size, in bytes: a power of two from the sector size to 64 KiB.</summary>
    public int ClusterSize { get; init; } = 4096;

    /// <summary>The sector size, in bytes: 512 or 4096.</summary>
    public int SectorSize { get; init; } = 512;

    /// <summary>The partition's place on its disk, in sectors.</summary>
    public uint HiddenSectors { get; init; }

    /// <summary>The volume's serial number.</summary>
    public required long SerialNumber { get; init; }

    /// <summary>The time of all that is made, in UTC.</summary>
    public required DateTime UtcNow { get; init; }
}
