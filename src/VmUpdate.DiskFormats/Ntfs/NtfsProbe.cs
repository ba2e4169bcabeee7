namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What a partition's first sector says.</summary>
public enum NtfsProbe
{
    /// <summary>Something else.</summary>
    Other,

    /// <summary>An NTFS volume.</summary>
    Ntfs,

    /// <summary>A volume encrypted with BitLocker.</summary>
    BitLocker,
}
