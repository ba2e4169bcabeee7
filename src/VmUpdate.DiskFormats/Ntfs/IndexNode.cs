using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A node of a B+ tree: entries in the order of their keys, the last without one.</summary>
/// <remarks>
/// The index header in front of the entries; little-endian; offset and length in bytes:
/// <code>
///  0 4 EntriesOffset   from this header
///  4 4 Used            from this header, the end entry included
///  8 4 Allocated       from this header
/// 12 1 Flags           1: the entries have nodes below
/// </code>
/// In $INDEX_ALLOCATION a node starts with "INDX", the update sequence array's place, the LSN (8), the node's number (16) and
/// has the header at 24.
/// </remarks>
internal sealed class IndexNode(long number)
{
    /// <summary>The number that stands for the root, which is not in $INDEX_ALLOCATION.</summary>
    public const long Root = -1;

    /// <summary>The index header's size, in bytes.</summary>
    public const int HeaderSize = 16;

    /// <summary>Where the index header of a node of $INDEX_ALLOCATION is.</summary>
    public const int RecordHeaderSize = 24;

    private const string Structure = "index node";
    private const uint Signature = 0x58444E49; // "INDX"

    /// <summary>Its number in the tree.</summary>
    public long Number { get; } = number;

    /// <summary>Its entries; the last is the end.</summary>
    public List<IndexEntry> Entries { get; } = [];

    /// <summary>Whether it differs from the volume's.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The update sequence number.</summary>
    public ushort UpdateNumber { get; set; }

    /// <summary>The journal's number of the last change: kept as it is.</summary>
    public long Lsn { get; set; }

    /// <summary>The number of keys.</summary>
    public int Keys => Entries.Count - 1;

    /// <summary>Whether its entries have nodes below.</summary>
    public bool HasBelow => Entries[Entries.Count - 1].Below != IndexEntry.None;

    /// <summary>The bytes its entries take.</summary>
    public int Used
    {
        get
        {
            int sum = 0;
            foreach (IndexEntry entry in Entries)
            {
                sum += entry.Size;
            }

            return sum;
        }
    }

    /// <summary>The room for entries in a node of $INDEX_ALLOCATION.</summary>
    public static int Capacity(int nodeSize) => nodeSize - EntriesStart(nodeSize);

    /// <summary>Reads a node of $INDEX_ALLOCATION.</summary>
    public static IndexNode ReadRecord(byte[] bytes, long number, long place)
    {
        uint signature = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (signature != Signature)
        {
            throw new DiskFormatException(DiskFormatDefect.WrongSignature, Structure, place, $"expected \"INDX\", found 0x{signature:X8}.");
        }

        int array = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4));
        UpdateSequence.Restore(bytes, Structure, place);
        long stored = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16));
        if (stored != number)
        {
            throw NtfsError.Inconsistent(Structure, place, $"expected node {number}, found node {stored}.");
        }

        var node = new IndexNode(number)
        {
            UpdateNumber = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(array)),
            Lsn = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)),
        };
        node.ReadEntries(bytes.AsMemory(RecordHeaderSize), place);
        return node;
    }

    /// <summary>Reads the entries behind an index header.</summary>
    public void ReadEntries(ReadOnlyMemory<byte> memory, long place)
    {
        ReadOnlySpan<byte> header = memory.Span;
        if (header.Length < HeaderSize)
        {
            throw NtfsError.OutOfBounds(Structure, place, $"{header.Length} bytes are too few.");
        }

        long start = BinaryPrimitives.ReadUInt32LittleEndian(header);
        long used = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(4));
        if (start < HeaderSize || start > used || used > header.Length)
        {
            throw NtfsError.OutOfBounds(Structure, place, $"entries from {start} to {used} leave the {header.Length} bytes of the node.");
        }

        bool? hasBelow = null;
        int at = (int)start;
        while (true)
        {
            int left = (int)used - at;
            int length = left >= IndexEntry.HeaderSize ? BinaryPrimitives.ReadUInt16LittleEndian(header.Slice(at + 8)) : 0;
            int keyLength = length == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(header.Slice(at + 10));
            int flags = length == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(header.Slice(at + 12));
            int tail = (flags & 1) != 0 ? 8 : 0;
            bool isEnd = (flags & 2) != 0;
            if (length < IndexEntry.HeaderSize + tail || length > left || (length & 7) != 0
                || (!isEnd && (keyLength == 0 || IndexEntry.HeaderSize + keyLength > length - tail)))
            {
                throw NtfsError.OutOfBounds(Structure, place, $"an entry of {length} bytes with a key of {keyLength} at {at} does not fit.");
            }

            long below = tail == 0 ? IndexEntry.None : BinaryPrimitives.ReadInt64LittleEndian(header.Slice(at + length - 8));
            if (below < IndexEntry.None || (tail != 0 && below < 0) || (hasBelow ?? (tail != 0)) != (tail != 0))
            {
                throw NtfsError.Inconsistent(Structure, place, $"the entry at {at} leads to node {below}, or differs from the others in having one.");
            }

            hasBelow = tail != 0;
            Entries.Add(new IndexEntry(memory.Slice(at, length - tail), below));
            if (isEnd)
            {
                return;
            }

            at += length;
        }
    }

    /// <summary>Writes a node of $INDEX_ALLOCATION, ready for the disk.</summary>
    public void WriteRecord(Span<byte> target)
    {
        target.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, Signature);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(4), RecordHeaderSize + HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(6), (ushort)((target.Length / UpdateSequence.Stride) + 1));
        BinaryPrimitives.WriteInt64LittleEndian(target.Slice(8), Lsn);
        BinaryPrimitives.WriteInt64LittleEndian(target.Slice(16), Number);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(RecordHeaderSize + HeaderSize), UpdateNumber);
        int start = EntriesStart(target.Length) - RecordHeaderSize;
        WriteHeader(target.Slice(RecordHeaderSize), start, target.Length - RecordHeaderSize);
        WriteEntries(target.Slice(RecordHeaderSize + start));
        UpdateSequence.Protect(target);
        UpdateNumber = BinaryPrimitives.ReadUInt16LittleEndian(target.Slice(RecordHeaderSize + HeaderSize));
    }

    /// <summary>Writes index header and entries of the root behind its own header.</summary>
    public void WriteRoot(Span<byte> target)
    {
        WriteHeader(target, HeaderSize, target.Length);
        WriteEntries(target.Slice(HeaderSize));
    }

    private static int EntriesStart(int nodeSize) =>
        NtfsAttribute.Align8(RecordHeaderSize + HeaderSize + UpdateSequence.SizeFor(nodeSize));

    private void WriteHeader(Span<byte> header, int start, int allocated)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, start);
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice(4), start + Used);
        BinaryPrimitives.WriteInt32LittleEndian(header.Slice(8), allocated);
        header[12] = HasBelow ? (byte)1 : (byte)0;
    }

    private void WriteEntries(Span<byte> target)
    {
        int at = 0;
        foreach (IndexEntry entry in Entries)
        {
            Span<byte> bytes = target.Slice(at, entry.Size);
            entry.Bytes.Span.CopyTo(bytes);
            int flags = (entry.Below != IndexEntry.None ? 1 : 0) | (at + entry.Size == Used ? 2 : 0);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(8), (ushort)entry.Size);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(12), (ushort)flags);
            if (entry.Below != IndexEntry.None)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(entry.Size - 8), entry.Below);
            }

            at += entry.Size;
        }
    }
}
