using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>The header of a hive bin. Bins follow each other without a gap, and no cell crosses from one into the next.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0    4  Signature   "hbin"
///  4    4  Offset      of this bin, from the start of the hive bins
///  8    4  Size        of this bin; multiple of 4096
/// 12    8  Reserved
/// 20    8  LastWritten FILETIME; in the first bin a copy of the base block's
/// 28    4  Spare
/// </code>
/// </remarks>
internal static class HiveBin
{
    /// <summary>The size of a bin's header, in bytes.</summary>
    public const int HeaderSize = 32;

    /// <summary>Where the first bin holds the copy of LastWritten.</summary>
    public const int LastWrittenOffset = 20;

    private const uint Signature = 0x6E696268; // "hbin"

    /// <summary>Reads a bin's size.</summary>
    /// <param name="pages">The hive.</param>
    /// <param name="offset">Where a bin must start.</param>
    /// <returns>Its size, in bytes.</returns>
    /// <exception cref="DiskFormatException">There is no valid bin.</exception>
    public static int ReadSize(HivePages pages, int offset)
    {
        ReadOnlySpan<byte> header = pages.Read(offset, HeaderSize);
        uint signature = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (signature != Signature)
        {
            throw HiveFormat.Bad(DiskFormatDefect.WrongSignature, HiveFormat.BinName, offset, $"it starts with 0x{signature:X8} instead of \"hbin\".");
        }

        uint own = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(4));
        if (own != offset)
        {
            throw HiveFormat.Bad(DiskFormatDefect.Inconsistent, HiveFormat.BinName, offset, $"it says that it is at 0x{own:X} of the hive bins.");
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(8));
        return size == 0 || size % HiveFormat.PageSize != 0 || size > pages.Length - offset
            ? throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds, HiveFormat.BinName, offset, $"its size is 0x{size:X} of 0x{pages.Length - offset:X} bytes that are left.")
            : (int)size;
    }

    /// <summary>Makes the header of a new bin.</summary>
    /// <param name="header">Receives it.</param>
    /// <param name="offset">Where the bin is.</param>
    /// <param name="size">Its size, in bytes.</param>
    public static void Write(Span<byte> header, int offset, int size)
    {
        header.Slice(0, HeaderSize).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, Signature);
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice(4), offset);
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice(8), size);
    }
}
