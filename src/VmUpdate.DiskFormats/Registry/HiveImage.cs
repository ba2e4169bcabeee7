using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>A hive's base block and pages as they are after its logs were replayed; in memory, nothing is written.</summary>
internal sealed class HiveImage
{
    private HiveImage(HiveBaseBlock block, HivePages pages)
    {
        Block = block;
        Pages = pages;
    }

    /// <summary>The base block; with a wrong checksum on the disk, the log's copy of it.</summary>
    public HiveBaseBlock Block { get; private set; }

    public HivePages Pages { get; }

    /// <summary>The logs that are valid; empty when they were not looked at.</summary>
    public IReadOnlyList<TransactionLog> Logs { get; private set; } = [];

    /// <summary>Whether a log was replayed.</summary>
    public bool WasReplayed { get; private set; }

    /// <summary>Whether the last write never ended, and no log helped.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>A hive with no bins yet.</summary>
    /// <param name="file">The file it will be written to.</param>
    /// <param name="block">Its base block.</param>
    /// <returns>The image.</returns>
    public static HiveImage Empty(IBlockFile file, HiveBaseBlock block) => new(block, new HivePages(file, 0));

    /// <summary>Reads a hive, replaying its logs where it is dirty.</summary>
    /// <param name="file">The hive's bytes.</param>
    /// <param name="logs">Its logs.</param>
    /// <param name="alwaysLogs">Whether to look at the logs of a clean hive too.</param>
    /// <returns>The image.</returns>
    /// <exception cref="DiskFormatException">It is no hive, or damaged beyond what its logs hold.</exception>
    public static HiveImage Load(IBlockFile file, IReadOnlyList<IBlockFile> logs, bool alwaysLogs)
    {
        if (file.Length < HiveFormat.SectorSize)
        {
            throw new DiskFormatException(
                file.Length == 0 ? DiskFormatDefect.WrongFormat : DiskFormatDefect.Truncated,
                HiveBaseBlock.Structure,
                0,
                $"the file has {file.Length} bytes, and a hive has {2 * HiveFormat.PageSize} at the least.");
        }

        byte[] sector = new byte[HiveFormat.SectorSize];
        file.ReadAt(0, sector);
        var block = new HiveBaseBlock(sector);
        if (!block.HasSignature)
        {
            throw new DiskFormatException(DiskFormatDefect.WrongFormat, HiveBaseBlock.Structure, 0, "the file does not start with \"regf\": it is no hive.");
        }

        bool valid = block.HasValidChecksum;
        if (valid)
        {
            block.CheckKind();
        }

        bool dirty = !valid || block.Sequence1 != block.Sequence2;
        long available = Math.Max(0, file.Length - HiveFormat.BinsStart) / HiveFormat.PageSize * HiveFormat.PageSize;
        var image = new HiveImage(block, new HivePages(file, (int)Math.Min(available, HiveFormat.MaxBinsSize)));
        if (dirty || alwaysLogs)
        {
            image.Logs = logs.Select(TransactionLog.TryOpen).OfType<TransactionLog>().ToArray();
        }

        if (dirty)
        {
            image.WasReplayed = image.TryReplayEntries(valid) || image.TryReplayVector(valid);
            image.IsTorn = !image.WasReplayed;
            if (!valid && image.IsTorn)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.WrongChecksum, HiveBaseBlock.Structure, 0, "its checksum is wrong, and there is no log that it could be recovered from.");
            }

            image.Block.CheckKind();
        }

        image.SetSize();
        return image;
    }

    private void SetSize()
    {
        uint size = WasReplayed ? (uint)Pages.Length : Block.HiveBinsSize;
        if (size == 0 || size % HiveFormat.PageSize != 0)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Inconsistent, HiveBaseBlock.Structure, 0, $"the size of its hive bins is 0x{size:X}, no multiple of 0x{HiveFormat.PageSize:X}.");
        }

        if (size > Pages.Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated, HiveBaseBlock.Structure, 0, $"its hive bins take 0x{size:X} bytes, and the file has 0x{Pages.Length:X} for them.");
        }

        Pages.Resize((int)size);
        Block.HiveBinsSize = size;
    }

    // Entries not below the hive's first sequence number are those it has not seen. They may lie in both logs: then the second log
    // goes on where the first ends. A gap in front of the first one is normal, a gap between two ends the replay.
    private bool TryReplayEntries(bool valid)
    {
        TransactionLog[] logs = Logs.Where(log => log.IsNewForm && log.Entries.Count > 0)
            .OrderBy(log => log.Entries[0].Sequence).ToArray();
        if (logs.Length == 0)
        {
            return false;
        }

        HiveBaseBlock block = valid ? Block : AsHive(logs[0].Block);
        uint from = block.Sequence1;
        uint? last = null;
        foreach (TransactionLog log in logs)
        {
            uint? next = last is { } before ? unchecked(before + 1) : null;
            if (!log.ApplyEntries(Pages, from, next, ref last))
            {
                break;
            }
        }

        if (last is not { } sequence)
        {
            return false;
        }

        Block = block;
        Block.Sequence1 = Block.Sequence2 = sequence;
        return true;
    }

    // The older form: the log belongs to the write that never ended when it has that write's time.
    private bool TryReplayVector(bool valid)
    {
        long time = valid ? Block.LastWritten : ReadFirstBinTime();
        foreach (TransactionLog log in Logs
            .Where(log => !log.IsNewForm && log.Block.Sequence1 == log.Block.Sequence2 && log.Block.LastWritten == time)
            .OrderByDescending(log => log.Block.Sequence1))
        {
            if (log.TryApplyDirtyVector(Pages))
            {
                HiveBaseBlock found = AsHive(log.Block);
                if (valid)
                {
                    Block.RootCell = found.RootCell;
                    found = Block;
                }

                Block = found;
                Block.Sequence2 = Block.Sequence1 = Math.Max(Block.Sequence1, log.Block.Sequence1);
                return true;
            }
        }

        return false;
    }

    private static HiveBaseBlock AsHive(HiveBaseBlock log)
    {
        HiveBaseBlock copy = log.Copy();
        copy.Type = HiveBaseBlock.TypeHive;
        return copy;
    }

    private long ReadFirstBinTime() =>
        Pages.Length == 0 ? 0 : BinaryPrimitives.ReadInt64LittleEndian(Pages.Read(HiveBin.LastWrittenOffset, 8));
}
