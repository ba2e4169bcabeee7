namespace VmUpdate.DiskFormats.Partitions;

/// <summary>The types of partitions on a disk of Windows.</summary>
public static class GptPartitionTypes
{
    /// <summary>A volume with files: NTFS, BitLocker, FAT, ReFS.</summary>
    public static Guid BasicData { get; } = new("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7");

    /// <summary>The EFI system partition.</summary>
    public static Guid EfiSystem { get; } = new("C12A7328-F81F-11D2-BA4B-00A0C93EC93B");

    /// <summary>Microsoft reserved: no volume.</summary>
    public static Guid MicrosoftReserved { get; } = new("E3C9E316-0B5C-4DB8-817D-F92DF00215AE");

    /// <summary>Windows Recovery Environment.</summary>
    public static Guid Recovery { get; } = new("DE94BBA4-06D1-4D40-A16A-BFD50179D6AC");
}
