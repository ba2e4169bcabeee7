using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx.Log;

/// <summary>Writes entries into a file's circular log.</summary>
/// <remarks>
/// Each entry's tail is the entry itself: the caller flushes the file before it writes one, which makes the pages of all entries before
/// durable in their places. An entry is at most half the log, so it never covers the one before it, and a torn entry always leaves
/// that one to be replayed, which does no harm and keeps the log valid.
/// </remarks>
internal sealed class LogWriter
{
    /// <summary>Pages in one entry: as many as one sector of descriptors describes. With it they are half of the shortest log.</summary>
    internal const int MaxPages = (LogEntry.SectorSize - LogEntry.HeaderSize) / LogEntry.DescriptorSize;

    private readonly IBlockFile _file;
    private readonly FileRange _log;
    private ulong _sequenceNumber;
    private int _position;

    /// <summary>Starts an empty log.</summary>
    /// <param name="file">The file.</param>
    /// <param name="log">Where its log is.</param>
    /// <param name="logGuid">The new id of this open's entries.</param>
    internal LogWriter(IBlockFile file, FileRange log, Guid logGuid)
    {
        _file = file;
        _log = log;
        LogGuid = logGuid;
    }

    internal Guid LogGuid { get; }

    /// <summary>Writes an entry; it holds only once the caller has flushed the file.</summary>
    /// <param name="pages">Pages of 4096 bytes by their place in the file; at most <see cref="MaxPages"/>.</param>
    /// <param name="fileLength">The file's durable length, a multiple of 1 MiB.</param>
    internal void Write(IReadOnlyList<KeyValuePair<long, byte[]>> pages, long fileLength)
    {
        byte[] entry = LogEntry.Compose(LogGuid, ++_sequenceNumber, _position, fileLength, pages);
        int head = Math.Min(entry.Length, (int)_log.Length - _position);
        _file.WriteAt(_log.Offset + _position, entry.AsSpan(0, head));
        if (head < entry.Length)
        {
            _file.WriteAt(_log.Offset, entry.AsSpan(head));
        }

        _position = (_position + entry.Length) % (int)_log.Length;
    }
}
