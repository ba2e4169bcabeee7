using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The header of a file record.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0 4 Signature        "FILE"
///  4 2 ArrayOffset      of the update sequence array
///  6 2 ArrayCount
///  8 8 Lsn
/// 16 2 Sequence         how often the record was given out
/// 18 2 LinkCount
/// 20 2 AttributesOffset
/// 22 2 Flags            1 in use, 2 folder, 8 view index
/// 24 4 BytesUsed
/// 28 4 BytesAllocated
/// 32 8 BaseRecord       0 in a base record
/// 40 2 NextInstance
/// 44 4 RecordNumber     since NTFS 3.1
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct FileRecordHeader
{
    /// <summary>The header's size without the update sequence array, in bytes.</summary>
    public const int Size = 48;

    /// <summary>The record is given out.</summary>
    public const ushort InUse = 1;

    /// <summary>The file is a folder.</summary>
    public const ushort Directory = 2;

    /// <summary>The file is one of $Extend.</summary>
    public const ushort IsExtend = 4;

    /// <summary>The file has an index that is not of names.</summary>
    public const ushort ViewIndex = 8;

    /// <summary>The name of the structure, for failures.</summary>
    public const string Structure = "file record";

    private const uint Signature = 0x454C4946; // "FILE"

    private FileRecordHeader(ReadOnlySpan<byte> bytes)
    {
        Lsn = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(8));
        Sequence = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(16));
        AttributesOffset = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(20));
        Flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(22));
        BytesUsed = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(24));
        BaseRecord = new FileReference(BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(32)));
        int array = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(4));
        UpdateNumber = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(array));
    }

    /// <summary>The journal's number of the last change.</summary>
    public long Lsn { get; }

    /// <summary>How often the record was given out.</summary>
    public ushort Sequence { get; }

    /// <summary>Where the attributes start.</summary>
    public int AttributesOffset { get; }

    /// <summary>In use, folder, view index.</summary>
    public ushort Flags { get; }

    /// <summary>The bytes that count.</summary>
    public int BytesUsed { get; }

    /// <summary>The record that this one extends.</summary>
    public FileReference BaseRecord { get; }

    /// <summary>The update sequence number.</summary>
    public ushort UpdateNumber { get; }

    /// <summary>Whether the record is given out.</summary>
    public bool IsInUse => (Flags & InUse) != 0;

    /// <summary>Where attributes start in the records that this library writes.</summary>
    public static int FirstAttribute(int recordSize) => NtfsAttribute.Align8(Size + UpdateSequence.SizeFor(recordSize));

    /// <summary>Whether a record was ever written: the file table's unused end may hold anything.</summary>
    public static bool HasSignature(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record) == Signature;

    /// <summary>Checks a record, undoes its update sequence and reads its header.</summary>
    public static FileRecordHeader Read(Span<byte> record, long place)
    {
        uint signature = BinaryPrimitives.ReadUInt32LittleEndian(record);
        if (signature != Signature)
        {
            throw new DiskFormatException(DiskFormatDefect.WrongSignature, Structure, place, $"expected \"FILE\", found 0x{signature:X8}.");
        }

        UpdateSequence.Restore(record, Structure, place);
        var header = new FileRecordHeader(record);
        if (header.BytesUsed > record.Length || header.AttributesOffset < 42 || header.AttributesOffset + 4 > header.BytesUsed
            || (header.AttributesOffset & 7) != 0)
        {
            throw NtfsError.OutOfBounds(
                Structure, place, $"attributes at {header.AttributesOffset}, {header.BytesUsed} bytes used of {record.Length}.");
        }

        return header;
    }

    /// <summary>Writes a header and its empty update sequence array.</summary>
    public static void Write(
        Span<byte> record, long number, ushort sequence, ushort links, ushort flags, long lsn, FileReference baseRecord, ushort updateNumber)
    {
        record.Slice(0, FirstAttribute(record.Length)).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, Signature);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(4), Size);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(6), (ushort)((record.Length / UpdateSequence.Stride) + 1));
        BinaryPrimitives.WriteInt64LittleEndian(record.Slice(8), lsn);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(16), sequence);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(18), links);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(20), (ushort)FirstAttribute(record.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(22), flags);
        BinaryPrimitives.WriteInt32LittleEndian(record.Slice(28), record.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record.Slice(32), baseRecord.Stored);
        BinaryPrimitives.WriteUInt32LittleEndian(record.Slice(44), (uint)number);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(Size), updateNumber);
    }

    /// <summary>Ends a record behind its last attribute.</summary>
    public static void Finish(Span<byte> record, int end, ushort nextInstance)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record.Slice(end), (uint)AttributeType.End);
        BinaryPrimitives.WriteInt32LittleEndian(record.Slice(24), end + 8);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(40), nextInstance);
    }
}
