using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>Brings a hive's changed pages to its file, in the order that survives a crash.</summary>
internal sealed class HiveCommitter(IBlockFile file, IReadOnlyList<IBlockFile> logs, HiveImage image, RegistryOpenOptions options)
{
    private bool _hasPendingLog = image.WasReplayed;
    private uint _highest = HighestSequence(image);

    /// <summary>Writes the changed pages.</summary>
    /// <param name="now">The time, as a hive holds it.</param>
    public void Commit(long now)
    {
        if (_highest == uint.MaxValue)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, HiveBaseBlock.Structure, 0, "a sequence number of the hive or its logs is the last one there is.");
        }

        HiveBaseBlock block = image.Block;
        HivePages pages = image.Pages;

        // Above every entry of the logs: were the hive torn now, none of them would be taken for a later write.
        uint sequence = _highest + 1;
        long time = NewTime(now);
        if (options.WriteLog)
        {
            if (_hasPendingLog)
            {
                ReplayOnDisk();
            }

            bool oldForm = UsesOldForm();
            if (oldForm)
            {
                // Recovery of a torn base block knows the log of a write by this copy of its time.
                Span<byte> copy = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(copy, time);
                pages.Write(HiveBin.LastWrittenOffset, copy);
            }

            TransactionLogWriter.Write(logs[0], NewBlock(block.Copy(), sequence, time), pages, oldForm);
        }

        NewBlock(block, sequence, time);
        _highest = sequence;
        _hasPendingLog = false;
        long length = HiveFormat.BinsStart + (long)pages.Length;
        if (file.Length < length)
        {
            file.SetLength(length);
        }

        file.WriteAt(0, block.Seal());
        file.Flush();
        pages.WriteDirty();
        file.Flush();
        block.Sequence2 = block.Sequence1;
        file.WriteAt(0, block.Seal());
        file.Flush();
        pages.MarkClean();
    }

    private static uint HighestSequence(HiveImage image)
    {
        uint highest = Math.Max(image.Block.Sequence1, image.Block.Sequence2);
        foreach (TransactionLog log in image.Logs)
        {
            highest = Math.Max(highest, Math.Max(log.Block.Sequence1, log.Block.Sequence2));
            foreach (LogEntry entry in log.Entries)
            {
                highest = Math.Max(highest, entry.Sequence);
            }
        }

        return highest;
    }

    private HiveBaseBlock NewBlock(HiveBaseBlock block, uint sequence, long time)
    {
        block.Sequence1 = sequence;
        block.LastWritten = time;
        block.HiveBinsSize = (uint)image.Pages.Length;
        return block;
    }

    // Logs of the older form are matched by the time alone, so it must be one that no log has.
    private long NewTime(long now)
    {
        long time = now;
        while (time == image.Block.LastWritten || image.Logs.Any(log => log.Block.LastWritten == time))
        {
            time++;
        }

        return time;
    }

    private bool UsesOldForm() => image.Logs.Count == 0 ? options.OldLogForm : !image.Logs.Any(log => log.IsNewForm);

    // The log that is about to be overwritten holds what the hive does not: that goes to the hive first. A crash meanwhile leaves
    // the hive dirty and the log as it is; the base block, last, makes the hive clean.
    private void ReplayOnDisk()
    {
        HiveImage pending = HiveImage.Load(file, logs, alwaysLogs: true);
        using HivePages pages = pending.Pages;
        pages.WriteDirty();
        file.Flush();
        file.WriteAt(0, pending.Block.Seal());
        file.Flush();
    }
}
