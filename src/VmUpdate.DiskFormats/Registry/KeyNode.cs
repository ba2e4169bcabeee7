using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>A key as it lies in its cell.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes, from the start of the cell's content:
/// <code>
///  0    2  Signature            "nk"
///  2    2  Flags                0x04 root of a hive, 0x20 compressed name, 0x40 the value fields hold a predefined handle
///  4    8  LastWritten          FILETIME
/// 12    4  Access bits
/// 16    4  Parent               offset of the key above
/// 20    4  SubKeyCount
/// 24    4  VolatileSubKeyCount  of no meaning on a disk
/// 28    4  SubKeyList           offset of a leaf or an index root
/// 32    4  VolatileSubKeyList   of no meaning on a disk
/// 36    4  ValueCount
/// 40    4  ValueList            offset of a list of offsets
/// 44    4  Security             offset of an sk cell
/// 48    4  Class                offset of the class name
/// 52    2  LargestSubKeyName    in bytes of UTF-16; the two bytes behind are flags
/// 56    4  LargestSubKeyClass   in bytes
/// 60    4  LargestValueName     in bytes of UTF-16
/// 64    4  LargestValueData     in bytes
/// 68    4  WorkVar
/// 72    2  NameLength           in bytes
/// 74    2  ClassLength          in bytes
/// 76       Name
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct KeyNode
{
    public const int FixedSize = 76;
    public const ushort FlagRoot = 0x04, FlagNoDelete = 0x08, FlagCompressedName = 0x20, FlagPredefinedHandle = 0x40;

    public const int LastWrittenAt = 4, ParentAt = 16, SubKeyCountAt = 20, SubKeyListAt = 28, VolatileListAt = 32, ValueCountAt = 36, ValueListAt = 40,
        SecurityAt = 44, ClassAt = 48, LargestNameAt = 52, LargestClassAt = 56, LargestValueNameAt = 60, LargestValueDataAt = 64, NameLengthAt = 72, ClassLengthAt = 74;

    private KeyNode(uint offset, ReadOnlySpan<byte> bytes)
    {
        Offset = offset;
        Flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(2));
        LastWritten = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(LastWrittenAt));
        Parent = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(ParentAt));
        SubKeyCount = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(SubKeyCountAt));
        SubKeyList = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(SubKeyListAt));
        ValueCount = (Flags & FlagPredefinedHandle) != 0 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(ValueCountAt));
        ValueList = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(ValueListAt));
        Security = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(SecurityAt));
        Class = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(ClassAt));
        NameLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(NameLengthAt));
        ClassLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(ClassLengthAt));
    }

    public uint Offset { get; }

    public ushort Flags { get; }

    public long LastWritten { get; }

    public uint Parent { get; }

    public uint SubKeyCount { get; }

    public uint SubKeyList { get; }

    public uint ValueCount { get; }

    public uint ValueList { get; }

    public uint Security { get; }

    public uint Class { get; }

    public int NameLength { get; }

    public int ClassLength { get; }

    public bool IsCompressed => (Flags & FlagCompressedName) != 0;

    /// <summary>Where the content starts, in bytes from the start of the hive bins.</summary>
    public int Start => (int)Offset + 4;

    /// <summary>Reads a key.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="offset">The cell.</param>
    /// <returns>The key.</returns>
    /// <exception cref="DiskFormatException">There is none.</exception>
    public static KeyNode Read(HiveCells cells, uint offset)
    {
        var node = new KeyNode(offset, cells.Read(offset, HiveFormat.Nk, HiveFormat.KeyNodeName, FixedSize, out int length));
        return node.NameLength > length - FixedSize
            ? throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds,
                HiveFormat.KeyNodeName,
                offset,
                $"its name has {node.NameLength} bytes, and its cell has room for {length - FixedSize}.")
            : node;
    }

    /// <summary>The name as it lies in the hive.</summary>
    /// <param name="cells">The hive.</param>
    /// <returns>Its bytes.</returns>
    public ReadOnlySpan<byte> RawName(HiveCells cells) => cells.Pages.Read(Start + FixedSize, NameLength);
}
