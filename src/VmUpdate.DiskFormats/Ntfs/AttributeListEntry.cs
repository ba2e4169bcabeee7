using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>One line of an attribute list: in which record a piece of an attribute stands.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0 4 Type
///  4 2 Length        a multiple of 8
///  6 1 NameLength    in UTF-16 units
///  7 1 NameOffset    0x1A, also when there is no name
///  8 8 LowestVcn     the piece's first cluster of the stream
/// 16 8 Record        where the piece stands
/// 24 2 Instance      its number there
/// 26 . Name
/// </code>
/// Windows refuses a record whose list has another name offset, with a name or without, and chkdsk calls such a volume clean.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct AttributeListEntry
{
    /// <summary>Where the name stands, whether there is one or not.</summary>
    public const int NameOffset = 0x1A;

    private const string Structure = "attribute list entry";

    /// <summary>Reads the entry at the start of <paramref name="bytes"/>.</summary>
    public AttributeListEntry(ReadOnlySpan<byte> bytes)
    {
        Length = bytes.Length >= NameOffset ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(4)) : 0;
        if (Length < NameOffset || Length > bytes.Length)
        {
            throw NtfsError.OutOfBounds(Structure, -1, $"a length of {Length} bytes does not fit the {bytes.Length} that are left.");
        }

        Type = (AttributeType)BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        LowestVcn = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(8));
        Record = new FileReference(BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16)));
        Instance = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(24));
    }

    /// <summary>The bytes to the next entry.</summary>
    public int Length { get; }

    /// <summary>The attribute's type.</summary>
    public AttributeType Type { get; }

    /// <summary>The piece's first cluster of the stream.</summary>
    public long LowestVcn { get; }

    /// <summary>The record that holds the piece.</summary>
    public FileReference Record { get; }

    /// <summary>The piece's number in that record.</summary>
    public ushort Instance { get; }

    /// <summary>The bytes of an entry with such a name.</summary>
    public static int SizeFor(string name) => NtfsAttribute.Align8(NameOffset + (name.Length * 2));

    /// <summary>Writes an entry.</summary>
    public static void Write(Span<byte> target, AttributeType type, string name, long lowestVcn, FileReference record, ushort instance)
    {
        target.Slice(0, SizeFor(name)).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)type);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(4), (ushort)SizeFor(name));
        target[6] = (byte)name.Length;
        target[7] = NameOffset;
        BinaryPrimitives.WriteInt64LittleEndian(target.Slice(8), lowestVcn);
        BinaryPrimitives.WriteUInt64LittleEndian(target.Slice(16), record.Stored);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(24), instance);
        MemoryMarshal.AsBytes(name.AsSpan()).CopyTo(target.Slice(NameOffset));
    }
}
