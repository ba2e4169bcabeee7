using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>A value as it lies in its cell.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes, from the start of the cell's content:
/// <code>
///  0    2  Signature   "vk"
///  2    2  NameLength  in bytes; 0 for the default value
///  4    4  DataSize    in bytes; the highest bit says that Data holds the bytes themselves, four at most
///  8    4  Data        offset of a cell: the bytes, or a db record when there are more than 16,344 and the version knows it
/// 12    4  Type
/// 16    2  Flags       0x1 compressed name
/// 18    2  Spare
/// 20       Name
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct ValueNode
{
    public const int FixedSize = 20;
    public const uint Inline = 0x80000000;
    public const int DataSizeAt = 4, DataAt = 8, TypeAt = 12;
    public const ushort FlagCompressedName = 1;
    private const int MaxInline = 4;

    private ValueNode(uint offset, ReadOnlySpan<byte> bytes)
    {
        Offset = offset;
        NameLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(2));
        RawSize = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(DataSizeAt));
        Data = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(DataAt));
        Type = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(TypeAt));
        IsCompressed = (BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(16)) & FlagCompressedName) != 0;
    }

    public uint Offset { get; }

    public int NameLength { get; }

    public uint RawSize { get; }

    public uint Data { get; }

    public uint Type { get; }

    public bool IsCompressed { get; }

    public int Start => (int)Offset + 4;

    public bool IsInline => (RawSize & Inline) != 0;

    /// <summary>The size of the data, in bytes; checked by <see cref="Read"/> against the hive.</summary>
    public int Size => (int)(RawSize & ~Inline);

    /// <summary>Reads a value.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="offset">The cell.</param>
    /// <returns>The value.</returns>
    /// <exception cref="DiskFormatException">There is none.</exception>
    public static ValueNode Read(HiveCells cells, uint offset)
    {
        var node = new ValueNode(offset, cells.Read(offset, HiveFormat.Vk, HiveFormat.ValueName, FixedSize, out int length));
        if (node.NameLength > length - FixedSize)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds,
                HiveFormat.ValueName,
                offset,
                $"its name has {node.NameLength} bytes, and its cell has room for {length - FixedSize}.");
        }

        // Nothing in a hive is greater than the hive, whatever shares its cells: so nothing greater is ever allocated.
        return node.Size > (node.IsInline ? MaxInline : cells.Pages.Length)
            ? throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds, HiveFormat.ValueName, offset, $"its data size is 0x{node.RawSize:X}, which cannot be.")
            : node;
    }

    /// <summary>The name as it lies in the hive.</summary>
    /// <param name="cells">The hive.</param>
    /// <returns>Its bytes.</returns>
    public ReadOnlySpan<byte> RawName(HiveCells cells) => cells.Pages.Read(Start + FixedSize, NameLength);

    /// <summary>The data.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="buffer">Where big data is put together; grown when it is too short.</param>
    /// <returns>The bytes; valid until the hive or the buffer is used again.</returns>
    public ReadOnlySpan<byte> ReadData(HiveCells cells, ref byte[] buffer)
    {
        int size = Size;
        if (size == 0)
        {
            return [];
        }

        if (IsInline)
        {
            return cells.Pages.Read(Start + DataAt, size);
        }

        int start = cells.Open(Data, HiveFormat.ValueDataName, 0, out int length);

        // Big data's own record is far shorter than what it stands for, so a cell that can hold the data does hold it: so it is
        // in hives before 1.4, and in those of writers that never learnt of big data.
        return length >= size ? cells.Pages.Read(start, size) : BigData.Read(cells, Data, size, ref buffer);
    }
}
