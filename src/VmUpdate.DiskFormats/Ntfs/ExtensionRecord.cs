namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A record that extends a base record.</summary>
internal sealed class ExtensionRecord(long number, ushort sequence)
{
    /// <summary>Its number.</summary>
    public long Number { get; } = number;

    /// <summary>How often it was given out.</summary>
    public ushort Sequence { get; } = sequence;

    /// <summary>Its update sequence number.</summary>
    public ushort UpdateNumber { get; set; }
}
