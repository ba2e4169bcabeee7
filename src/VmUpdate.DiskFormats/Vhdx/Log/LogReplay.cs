using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx.Log;

/// <summary>What a file's pending log asks for, as ranges that do not overlap, the newest change of each place only.</summary>
internal sealed class LogReplay
{
    private const string Structure = "VHDX log";
    private const int ZeroChunk = VhdxLimits.OneMebibyte;

    private LogReplay(List<LogWrite> writes, long fileLength)
    {
        Writes = writes;
        FileLength = fileLength;
    }

    /// <summary>The changes in the order of their places.</summary>
    internal IReadOnlyList<LogWrite> Writes { get; }

    /// <summary>How long the file is to be at least, in bytes.</summary>
    internal long FileLength { get; }

    /// <summary>Finds the newest complete sequence of entries and works out what it changes.</summary>
    /// <param name="file">The file as it lies on the host.</param>
    /// <param name="header">Its current header.</param>
    /// <exception cref="DiskFormatException">No sequence is valid, or the file was truncated after the log was written.</exception>
    internal static LogReplay Read(IBlockDevice file, VhdxHeader header)
    {
        byte[] log = new byte[(int)header.LogLength];
        file.ReadAt(header.LogOffset, log);
        List<LogEntry> sequence = FindActiveSequence(log, header.LogGuid);
        if (sequence.Count == 0)
        {
            // [MS-VHDX] 2.3.3: a log without a valid sequence is no empty log; the file is not to be opened.
            throw new DiskFormatException(
                DiskFormatDefect.Inconsistent, Structure, header.LogOffset, "the header says that writes are pending, and no valid entry holds them.");
        }

        LogEntry head = sequence[sequence.Count - 1];
        if (head.FlushedFileOffset > (ulong)file.Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated,
                Structure,
                header.LogOffset,
                $"the file had 0x{head.FlushedFileOffset:X} bytes when the log was written and has 0x{file.Length:X} now.");
        }

        if (head.LastFileOffset > VhdxLimits.MaxFileLength)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, Structure, header.LogOffset, $"it asks for a file of 0x{head.LastFileOffset:X} bytes.");
        }

        List<LogWrite> writes = Flatten(sequence.SelectMany(entry => entry.Writes()).ToList());
        long end = writes.Count == 0 ? 0 : writes[writes.Count - 1].End;
        return new LogReplay(writes, Math.Max(end, Math.Max(file.Length, (long)head.LastFileOffset)));
    }

    /// <summary>Writes the changes into the file. It is not flushed.</summary>
    internal void Apply(IBlockFile file)
    {
        long oldLength = file.Length;
        byte[]? zeros = null;
        foreach (LogWrite write in Writes)
        {
            if (write.Page is not null)
            {
                file.WriteAt(write.Offset, write.Page);
                continue;
            }

            // Behind the old end the file's growth gives the zeros.
            zeros ??= new byte[ZeroChunk];
            for (long at = write.Offset; at < Math.Min(write.End, oldLength); at += ZeroChunk)
            {
                file.WriteAt(at, zeros.AsSpan(0, (int)Math.Min(ZeroChunk, Math.Min(write.End, oldLength) - at)));
            }
        }

        if (file.Length < FileLength)
        {
            file.SetLength(FileLength);
        }
    }

    private static List<LogEntry> FindActiveSequence(byte[] log, Guid logGuid)
    {
        Dictionary<int, LogEntry> entries = ReadEntries(log, logGuid);
        var continued = new HashSet<int>();
        foreach (LogEntry entry in entries.Values)
        {
            if (Next(entries, entry, log.Length) is { } next)
            {
                continued.Add(next.Position);
            }
        }

        // Valid entries never overlap, so each has at most one before it: runs start where none continues.
        List<LogEntry> best = [];
        foreach (LogEntry first in entries.Values.Where(entry => !continued.Contains(entry.Position)))
        {
            List<LogEntry> run = CompleteRun(entries, first, log.Length);
            if (run.Count > 0 && (best.Count == 0 || run[run.Count - 1].SequenceNumber > best[best.Count - 1].SequenceNumber))
            {
                best = run;
            }
        }

        return best;
    }

    /// <summary>The entries from the head's tail to the head; the head is the newest whose tail is still there.</summary>
    private static List<LogEntry> CompleteRun(Dictionary<int, LogEntry> entries, LogEntry first, int logLength)
    {
        var run = new List<LogEntry>();
        var places = new Dictionary<int, int>();
        for (LogEntry? entry = first; entry is not null; entry = Next(entries, entry, logLength))
        {
            places[entry.Position] = run.Count;
            run.Add(entry);
        }

        for (int head = run.Count - 1; head >= 0; head--)
        {
            if (run[head].Tail < (uint)logLength && places.TryGetValue((int)run[head].Tail, out int tail) && tail <= head)
            {
                return run.GetRange(tail, head - tail + 1);
            }
        }

        return [];
    }

    private static LogEntry? Next(Dictionary<int, LogEntry> entries, LogEntry entry, int logLength) =>
        entries.TryGetValue((int)(((long)entry.Position + entry.Length) % logLength), out LogEntry? next)
        && next.SequenceNumber - 1 == entry.SequenceNumber
            ? next
            : null;

    private static Dictionary<int, LogEntry> ReadEntries(byte[] log, Guid logGuid)
    {
        var starts = new List<int>();
        for (int position = 0; position < log.Length; position += LogEntry.SectorSize)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(log.AsSpan(position)) == LogEntry.Signature)
            {
                starts.Add(position);
            }
        }

        var entries = new Dictionary<int, LogEntry>();
        for (int index = 0; index < starts.Count; index++)
        {
            int position = starts[index];
            int next = index + 1 < starts.Count ? starts[index + 1] : starts[0] + log.Length;
            int length = LogEntry.ClaimedLength(log.AsSpan(position), log.Length);

            // No sector inside a valid entry starts like an entry (they start with descriptors or "data"). So an entry ends before
            // the next start, and checking all of them reads the log once, whatever lengths they claim.
            if (length == 0 || length > next - position)
            {
                continue;
            }

            byte[] bytes = new byte[length];
            int head = Math.Min(length, log.Length - position);
            log.AsSpan(position, head).CopyTo(bytes);
            log.AsSpan(0, length - head).CopyTo(bytes.AsSpan(head));
            if (LogEntry.TryRead(bytes, position, logGuid) is { } entry)
            {
                entries.Add(position, entry);
            }
        }

        return entries;
    }

    /// <summary>Lets the newest change of each place win: painted from the newest to the oldest, no place twice.</summary>
    private static List<LogWrite> Flatten(List<LogWrite> writes)
    {
        long[] edges = writes.Where(write => write.Length > 0).SelectMany(write => (long[])[write.Offset, write.End]).Distinct().ToArray();
        Array.Sort(edges);
        var owner = new LogWrite?[edges.Length];
        int[] nextFree = Enumerable.Range(0, edges.Length + 1).ToArray();
        int Free(int index)
        {
            while (nextFree[index] != index)
            {
                nextFree[index] = nextFree[nextFree[index]];
                index = nextFree[index];
            }

            return index;
        }

        for (int order = writes.Count - 1; order >= 0; order--)
        {
            LogWrite write = writes[order];
            if (write.Length == 0)
            {
                continue;
            }

            int index = Free(Array.BinarySearch(edges, write.Offset));
            while (index < edges.Length && edges[index] < write.End)
            {
                owner[index] = write;
                nextFree[index] = index + 1;
                index = Free(index);
            }
        }

        var result = new List<LogWrite>();
        for (int index = 0; index + 1 < edges.Length; index++)
        {
            if (owner[index] is { } write)
            {
                result.Add(new LogWrite(edges[index], edges[index + 1] - edges[index], write.Page));
            }
        }

        return result;
    }
}
