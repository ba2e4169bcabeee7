using System.Buffers;
using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>
/// A hive's transaction log, in either form: a copy of the base block, and then log entries (HvLE, from Windows 8.1 on) or one
/// dirty vector (DIRT, before).
/// </summary>
internal sealed class TransactionLog
{
    /// <summary>The signature of a dirty vector: "DIRT".</summary>
    public const uint DirtyVectorSignature = 0x54524944;

    // What is behind a base block is read in pieces of this many bytes.
    private const int PieceSize = 64 * 1024;

    private readonly IBlockFile _file;

    private TransactionLog(IBlockFile file, HiveBaseBlock block)
    {
        _file = file;
        Block = block;
        Entries = IsNewForm ? ScanEntries() : [];
    }

    /// <summary>The log's copy of the base block.</summary>
    public HiveBaseBlock Block { get; }

    /// <summary>Whether it holds log entries rather than a dirty vector.</summary>
    public bool IsNewForm => Block.Type == HiveBaseBlock.TypeNewLog;

    /// <summary>The entries whose headers are valid, in the order of the file.</summary>
    public IReadOnlyList<LogEntry> Entries { get; }

    /// <summary>Opens a log.</summary>
    /// <param name="file">The log's bytes.</param>
    /// <returns>The log; <see langword="null"/> when the file is empty, or its base block is not that of a log.</returns>
    public static TransactionLog? TryOpen(IBlockFile file)
    {
        if (file.Length < HiveFormat.SectorSize)
        {
            return null;
        }

        byte[] sector = new byte[HiveFormat.SectorSize];
        file.ReadAt(0, sector);
        var block = new HiveBaseBlock(sector);
        bool known = block.Type is HiveBaseBlock.TypeOldLog or HiveBaseBlock.TypeOldLogToo or HiveBaseBlock.TypeNewLog;
        return block.HasSignature && block.HasValidChecksum && known ? new TransactionLog(file, block) : null;
    }

    /// <summary>Applies the entries a hive has not seen, up to the first that does not follow or does not fit its hash.</summary>
    /// <param name="pages">The hive; changed in memory.</param>
    /// <param name="from">The least sequence number to apply.</param>
    /// <param name="mustFollow">The sequence number the first entry must have; <see langword="null"/> for any.</param>
    /// <param name="last">The sequence number of the last entry applied.</param>
    /// <returns>Whether the log was applied to its end, so that another may follow.</returns>
    public bool ApplyEntries(HivePages pages, uint from, uint? mustFollow, ref uint? last)
    {
        uint? next = mustFollow;
        foreach (LogEntry entry in Entries)
        {
            if (entry.Sequence < from)
            {
                continue;
            }

            if ((next is { } expected && entry.Sequence != expected) || !TryApply(pages, entry))
            {
                return false;
            }

            last = entry.Sequence;
            next = entry.Sequence == uint.MaxValue ? 0 : entry.Sequence + 1;
        }

        return true;
    }

    /// <summary>Applies the pages of a dirty vector.</summary>
    /// <param name="pages">The hive; changed in memory.</param>
    /// <returns>Whether the log was whole, and was applied.</returns>
    public bool TryApplyDirtyVector(HivePages pages)
    {
        uint binsSize = Block.HiveBinsSize;
        int vector = Block.LogSectorSize;
        int bitmapSize = (int)(binsSize / HiveFormat.SectorSize / 8);
        long position = RoundUp(vector + 4L + bitmapSize, Block.LogSectorSize);
        if (!IsPossibleSize(binsSize) || position > _file.Length)
        {
            return false;
        }

        byte[] bitmap = new byte[4 + bitmapSize];
        _file.ReadAt(vector, bitmap);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bitmap) != DirtyVectorSignature)
        {
            return false;
        }

        long dirty = 0;
        foreach (byte bits in bitmap.AsSpan(4))
        {
            for (int left = bits; left != 0; left &= left - 1)
            {
                dirty += HiveFormat.SectorSize;
            }
        }

        // A hive grows by pages that are dirty, so a log that claims more lies.
        if (dirty == 0 || dirty > _file.Length - position || binsSize > pages.Length + dirty)
        {
            return false;
        }

        pages.Resize((int)binsSize);
        ApplyVector(pages, bitmap.AsSpan(4), position);
        return true;
    }

    private static long RoundUp(long value, int unit) => (value + unit - 1) / unit * unit;

    private static bool IsPossibleSize(uint binsSize) =>
        binsSize is > 0 and <= HiveFormat.MaxBinsSize && binsSize % HiveFormat.PageSize == 0;

    private void ApplyVector(HivePages pages, ReadOnlySpan<byte> bitmap, long position)
    {
        byte[] piece = new byte[PieceSize];
        for (int sector = 0; sector < bitmap.Length * 8;)
        {
            int end = sector;
            while (end < bitmap.Length * 8 && (bitmap[end >> 3] & (1 << (end & 7))) != 0 && end - sector < PieceSize / HiveFormat.SectorSize)
            {
                end++;
            }

            Span<byte> bytes = piece.AsSpan(0, (end - sector) * HiveFormat.SectorSize);
            _file.ReadAt(position, bytes);
            pages.Write(sector * HiveFormat.SectorSize, bytes);
            position += bytes.Length;
            sector = Math.Max(end, sector + 1);
        }
    }

    private List<LogEntry> ScanEntries()
    {
        var entries = new List<LogEntry>();
        byte[] header = new byte[LogEntry.HeaderSize];
        for (long offset = Block.LogSectorSize; offset <= _file.Length - LogEntry.HeaderSize;)
        {
            _file.ReadAt(offset, header);
            if (LogEntry.TryRead(header, offset) is not { } entry || entry.Size > _file.Length - offset)
            {
                break;
            }

            entries.Add(entry);
            offset += entry.Size;
        }

        return entries;
    }

    private bool TryApply(HivePages pages, in LogEntry entry)
    {
        if (!IsPossibleSize(entry.HiveBinsSize))
        {
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(entry.Size);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, entry.Size);
            _file.ReadAt(entry.Offset, bytes);
            Span<byte> body = bytes.Slice(LogEntry.HeaderSize);
            if (Marvin32.Hash(body) != entry.BodyHash || !FitsBody(entry, body, pages.Length))
            {
                return false;
            }

            pages.Resize((int)entry.HiveBinsSize);
            ReadOnlySpan<byte> content = body.Slice(entry.PageCount * LogEntry.ReferenceSize);
            for (int i = 0; i < entry.PageCount; i++)
            {
                ReadOnlySpan<byte> reference = body.Slice(i * LogEntry.ReferenceSize);
                int size = BinaryPrimitives.ReadInt32LittleEndian(reference.Slice(4));
                pages.Write(BinaryPrimitives.ReadInt32LittleEndian(reference), content.Slice(0, size));
                content = content.Slice(size);
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool FitsBody(in LogEntry entry, ReadOnlySpan<byte> body, int present)
    {
        long content = body.Length - ((long)entry.PageCount * LogEntry.ReferenceSize);
        long total = 0;
        for (int i = 0; i < entry.PageCount && content >= total; i++)
        {
            ReadOnlySpan<byte> reference = body.Slice(i * LogEntry.ReferenceSize);
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(reference);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(reference.Slice(4));
            if (size == 0 || size > entry.HiveBinsSize || offset > entry.HiveBinsSize - size)
            {
                return false;
            }

            total += size;
        }

        // A hive grows by pages that are dirty, so an entry that claims more lies.
        return content >= total && entry.HiveBinsSize <= present + total;
    }
}
