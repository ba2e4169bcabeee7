namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>How a VHDX file holds its blocks.</summary>
public enum VhdxKind
{
    /// <summary>All blocks lie in the file.</summary>
    Fixed,

    /// <summary>Blocks come as they are written.</summary>
    Dynamic,

    /// <summary>Sectors that were not written are the parent's.</summary>
    Differencing,
}
