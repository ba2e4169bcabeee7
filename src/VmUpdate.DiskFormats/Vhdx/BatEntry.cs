using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>Where one payload block or sector bitmap block is.</summary>
/// <remarks>[MS-VHDX] 2.5.1: bits 0 to 2 are the state, bits 20 to 63 the place in the file in MiB.</remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BatEntry(ulong Raw)
{
    internal const int Size = 8;
    private const ulong StateMask = 7;
    private const int OffsetShift = 20;

    internal BatEntry(BlockState state, long fileOffset)
        : this((ulong)fileOffset | (ulong)state)
    {
    }

    internal BlockState State => (BlockState)(Raw & StateMask);

    /// <summary>The place in the file, in bytes; only believed once it was compared with the file's length.</summary>
    internal ulong FileOffset => (Raw >> OffsetShift) << OffsetShift;

    /// <summary>Whether the block has bytes in the file.</summary>
    internal bool IsAllocated => State is BlockState.FullyPresent or BlockState.PartiallyPresent;
}
