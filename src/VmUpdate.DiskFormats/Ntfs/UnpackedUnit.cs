namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A compression unit as its reader sees it. Never changed, so that readers side by side may share it.</summary>
internal sealed class UnpackedUnit(long number, byte[] bytes)
{
    /// <summary>Which unit of the stream.</summary>
    public long Number { get; } = number;

    /// <summary>Its bytes.</summary>
    public byte[] Bytes { get; } = bytes;
}
