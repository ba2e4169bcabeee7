using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Makes $AttrDef: what each type of attribute may be. It is the same on every volume of NTFS 3.</summary>
/// <remarks>
/// An entry; little-endian; offset and length in bytes:
/// <code>
///   0 128 Name       UTF-16
/// 128   4 Type
/// 132   4 Display rule
/// 136   4 Collation
/// 140   4 Flags      2 indexed, 0x40 resident, 0x80 may be non-resident
/// 144   8 MinSize
/// 152   8 MaxSize    -1: no limit
/// </code>
/// </remarks>
internal static class AttributeDefinitions
{
    private const int EntrySize = 160;

    private static readonly (string Name, uint Type, uint Flags, long Min, long Max)[] Entries =
    [
        ("$STANDARD_INFORMATION", 0x10, 0x40, 0x30, 0x48),
        ("$ATTRIBUTE_LIST", 0x20, 0x80, 0, -1),
        ("$FILE_NAME", 0x30, 0x42, 0x44, 0x242),
        ("$OBJECT_ID", 0x40, 0x40, 0, 0x100),
        ("$SECURITY_DESCRIPTOR", 0x50, 0x80, 0, -1),
        ("$VOLUME_NAME", 0x60, 0x40, 2, 0x100),
        ("$VOLUME_INFORMATION", 0x70, 0x40, 0xC, 0xC),
        ("$DATA", 0x80, 0, 0, -1),
        ("$INDEX_ROOT", 0x90, 0x40, 0, -1),
        ("$INDEX_ALLOCATION", 0xA0, 0x80, 0, -1),
        ("$BITMAP", 0xB0, 0x80, 0, -1),
        ("$REPARSE_POINT", 0xC0, 0x80, 0, 0x4000),
        ("$EA_INFORMATION", 0xD0, 0x40, 8, 8),
        ("$EA", 0xE0, 0, 0, 0x10000),
        ("$LOGGED_UTILITY_STREAM", 0x100, 0x80, 0, 0x10000),
    ];

    /// <summary>Makes the file's content.</summary>
    public static byte[] Create()
    {
        byte[] bytes = new byte[(Entries.Length + 1) * EntrySize];
        for (int i = 0; i < Entries.Length; i++)
        {
            Span<byte> entry = bytes.AsSpan(i * EntrySize, EntrySize);
            MemoryMarshal.AsBytes(Entries[i].Name.AsSpan()).CopyTo(entry);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(128), Entries[i].Type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(140), Entries[i].Flags);
            BinaryPrimitives.WriteInt64LittleEndian(entry.Slice(144), Entries[i].Min);
            BinaryPrimitives.WriteInt64LittleEndian(entry.Slice(152), Entries[i].Max);
        }

        return bytes;
    }
}
