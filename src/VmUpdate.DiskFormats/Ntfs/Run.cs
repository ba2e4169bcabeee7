using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A piece of a stream that lies in one piece on the volume, or a hole.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct Run(long vcn, long lcn, long length)
{
    /// <summary>The place of a run that has none: it reads as zeros.</summary>
    public const long Hole = -1;

    /// <summary>Where it starts in the stream, in clusters.</summary>
    public long Vcn { get; } = vcn;

    /// <summary>Where it starts on the volume, in clusters; <see cref="Hole"/> when nowhere.</summary>
    public long Lcn { get; } = lcn;

    /// <summary>Its length, in clusters.</summary>
    public long Length { get; } = length;

    /// <summary>Where it ends in the stream, in clusters.</summary>
    public long End => Vcn + Length;

    /// <summary>Whether it has no clusters.</summary>
    public bool IsHole => Lcn == Hole;
}
