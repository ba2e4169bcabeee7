using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>A range of a VHDX file.</summary>
/// <param name="Offset">Its start, in bytes.</param>
/// <param name="Length">Its length, in bytes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FileRange(long Offset, long Length)
{
    /// <summary>The first byte behind it.</summary>
    internal long End => Offset + Length;
}
