using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>A security descriptor that keys share. All of a hive's are linked in a ring.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes, from the start of the cell's content:
/// <code>
///  0    2  Signature   "sk"
///  2    2  Reserved
///  4    4  Next        offset of the next one in the ring
///  8    4  Previous
/// 12    4  References  how many keys use it
/// 16    4  Size        of the descriptor, in bytes
/// 20       Descriptor  self-relative ([MS-DTYP] 2.4.6)
/// </code>
/// </remarks>
internal static class SecurityCell
{
    public const int FixedSize = 20;
    public const int NextAt = 4, PreviousAt = 8, ReferencesAt = 12, SizeAt = 16;

    /// <summary>The descriptor.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="offset">The sk cell.</param>
    /// <returns>Its bytes; valid until the hive is used again.</returns>
    public static ReadOnlySpan<byte> Read(HiveCells cells, uint offset)
    {
        ReadOnlySpan<byte> head = cells.Read(offset, HiveFormat.Sk, HiveFormat.SecurityName, FixedSize, out int length);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(head.Slice(SizeAt));
        return size > length - FixedSize
            ? throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds,
                HiveFormat.SecurityName,
                offset,
                $"its descriptor has {size} bytes, and its cell has room for {length - FixedSize}.")
            : cells.Pages.Read((int)offset + 4 + FixedSize, (int)size);
    }
}
