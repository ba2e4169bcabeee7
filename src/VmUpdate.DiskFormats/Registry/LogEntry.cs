using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>The header of an entry of a transaction log.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0    4  Signature     "HvLE"
///  4    4  Size          of the entry; multiple of 512
///  8    4  Flags
/// 12    4  Sequence      each entry's is one more than that of the one before
/// 16    4  HiveBinsSize  after the entry was applied
/// 20    4  PageCount
/// 24    8  BodyHash      Marvin32 of all that follows the header
/// 32    8  HeaderHash    Marvin32 of the 32 bytes before
/// 40       References    for each page: offset in the hive bins, size
///          Pages         in the same order, without gaps; then zeros
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct LogEntry
{
    public const int HeaderSize = 40;
    public const int ReferenceSize = 8;
    private const uint Signature = 0x454C7648; // "HvLE"
    private const int HeaderHashAt = 32;

    private LogEntry(ReadOnlySpan<byte> header, long offset)
    {
        Offset = offset;
        Size = BinaryPrimitives.ReadInt32LittleEndian(header.Slice(4));
        Sequence = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(12));
        HiveBinsSize = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(16));
        PageCount = BinaryPrimitives.ReadInt32LittleEndian(header.Slice(20));
        BodyHash = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(24));
    }

    /// <summary>Where it is, in bytes from the start of the log.</summary>
    public long Offset { get; }

    public int Size { get; }

    public uint Sequence { get; }

    public uint HiveBinsSize { get; }

    /// <summary>How many pages it holds; their references fit into <see cref="Size"/>.</summary>
    public int PageCount { get; }

    public ulong BodyHash { get; }

    /// <summary>Reads a header.</summary>
    /// <param name="header">Its bytes.</param>
    /// <param name="offset">Where they are in the log.</param>
    /// <returns>The header; <see langword="null"/> when it is none: that is how a log ends.</returns>
    public static LogEntry? TryRead(ReadOnlySpan<byte> header, long offset)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Signature
            || BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(HeaderHashAt)) != Marvin32.Hash(header.Slice(0, HeaderHashAt)))
        {
            return null;
        }

        var entry = new LogEntry(header, offset);
        bool possible = entry.Size > HeaderSize && entry.Size % HiveFormat.SectorSize == 0
            && entry.PageCount >= 0 && entry.PageCount <= (entry.Size - HeaderSize) / ReferenceSize;
        return possible ? entry : null;
    }

    /// <summary>Makes the header of an entry.</summary>
    /// <param name="entry">The entry, its references and pages already in place; receives the header.</param>
    /// <param name="sequence">Its sequence number.</param>
    /// <param name="binsSize">The size of the hive bins after it was applied, in bytes.</param>
    /// <param name="pageCount">How many pages it holds.</param>
    public static void Seal(Span<byte> entry, uint sequence, int binsSize, int pageCount)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(entry, Signature);
        BinaryPrimitives.WriteInt32LittleEndian(entry.Slice(4), entry.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(8), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(12), sequence);
        BinaryPrimitives.WriteInt32LittleEndian(entry.Slice(16), binsSize);
        BinaryPrimitives.WriteInt32LittleEndian(entry.Slice(20), pageCount);
        BinaryPrimitives.WriteUInt64LittleEndian(entry.Slice(24), Marvin32.Hash(entry.Slice(HeaderSize)));
        BinaryPrimitives.WriteUInt64LittleEndian(entry.Slice(HeaderHashAt), Marvin32.Hash(entry.Slice(0, HeaderHashAt)));
    }
}
