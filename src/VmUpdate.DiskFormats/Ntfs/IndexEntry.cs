using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>An entry of a B+ tree's node: a key, what is stored for it, and the node below with the smaller keys.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0 8 File, in a folder; else 0 2 DataOffset, 2 2 DataLength
///  8 2 Length      with key, data and the node below
/// 10 2 KeyLength
/// 12 2 Flags       1 has a node below, 2 the node's end, without key
/// 16 . Key
///  . . Data
/// -8 8 Below       when flag 1 is set: a node's number
/// </code>
/// </remarks>
internal sealed class IndexEntry(ReadOnlyMemory<byte> bytes, long below)
{
    /// <summary>The header's size, in bytes.</summary>
    public const int HeaderSize = 16;

    /// <summary>There is no node below.</summary>
    public const long None = -1;

    /// <summary>The bytes up to the number of the node below.</summary>
    public ReadOnlyMemory<byte> Bytes { get; set; } = bytes;

    /// <summary>The node below; <see cref="None"/> when there is none.</summary>
    public long Below { get; set; } = below;

    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Key => Bytes.Span.Slice(HeaderSize, BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span.Slice(10)));

    /// <summary>The file, in a folder.</summary>
    public FileReference File => new(BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span));

    /// <summary>What is stored for the key, in an index that is not a folder's.</summary>
    public ReadOnlySpan<byte> Data
    {
        get
        {
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span.Slice(2));
            return offset >= HeaderSize && offset + length <= Bytes.Length
                ? Bytes.Span.Slice(offset, length)
                : throw NtfsError.OutOfBounds("index entry", -1, $"data of {length} bytes at {offset} leaves its {Bytes.Length} bytes.");
        }
    }

    /// <summary>The bytes it takes in a node.</summary>
    public int Size => Bytes.Length + (Below == None ? 0 : 8);
}
