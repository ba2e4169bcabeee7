using System.Buffers;
using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>Writes a transaction log that holds one write: all pages of a hive that are about to change.</summary>
internal static class TransactionLogWriter
{
    /// <summary>Writes the log and flushes it.</summary>
    /// <param name="log">Receives it. What lies behind it from earlier entries has lower sequence numbers and is not met again.</param>
    /// <param name="block">The base block as the write will leave it; changed.</param>
    /// <param name="pages">The hive.</param>
    /// <param name="oldForm">Whether as a dirty vector rather than an entry.</param>
    public static void Write(IBlockFile log, HiveBaseBlock block, HivePages pages, bool oldForm)
    {
        block.Sequence2 = block.Sequence1;
        block.Type = oldForm ? HiveBaseBlock.TypeOldLog : HiveBaseBlock.TypeNewLog;
        int count = pages.CountDirty();
        int headSize = oldForm ? VectorSize(block, pages) : LogEntry.HeaderSize + (count * LogEntry.ReferenceSize);
        long size = headSize + ((long)count * HiveFormat.PageSize);
        size = (size + HiveFormat.SectorSize - 1) / HiveFormat.SectorSize * HiveFormat.SectorSize;
        if (size > int.MaxValue - HiveFormat.PageSize)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, "transaction log", 0, $"{count} changed pages are more than one log entry holds.");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)size);
            bytes.Clear();
            FillPages(bytes, headSize, pages, oldForm);
            if (!oldForm)
            {
                LogEntry.Seal(bytes, block.Sequence1, pages.Length, count);
            }

            log.WriteAt(block.LogSectorSize, bytes);
            log.WriteAt(0, block.Seal());
            log.Flush();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int VectorSize(HiveBaseBlock block, HivePages pages)
    {
        int bitmap = 4 + (pages.Length / HiveFormat.SectorSize / 8);
        return (bitmap + block.LogSectorSize - 1) / block.LogSectorSize * block.LogSectorSize;
    }

    private static void FillPages(Span<byte> bytes, int position, HivePages pages, bool oldForm)
    {
        if (oldForm)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, TransactionLog.DirtyVectorSignature);
        }

        int reference = LogEntry.HeaderSize;
        for (int page = pages.NextDirty(0); page >= 0; page = pages.NextDirty(page + HiveFormat.PageSize))
        {
            if (oldForm)
            {
                // A page is eight sectors: one byte of the bitmap.
                bytes[4 + (page / HiveFormat.PageSize)] = 0xFF;
            }
            else
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes.Slice(reference), page);
                BinaryPrimitives.WriteInt32LittleEndian(bytes.Slice(reference + 4), HiveFormat.PageSize);
                reference += LogEntry.ReferenceSize;
            }

            pages.Read(page, HiveFormat.PageSize).CopyTo(bytes.Slice(position));
            position += HiveFormat.PageSize;
        }
    }
}
