using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>A disk whose changes are kept in memory, page by page; the disk below is only read. Not for use by several threads.</summary>
internal sealed class OverlayDisk(IDisk below) : IDisk
{
    private const int PageSize = 4096;
    private readonly Dictionary<long, byte[]> _pages = [];

    public long Length => below.Length;

    public bool CanWrite => true;

    public int LogicalSectorSize => below.LogicalSectorSize;

    public void ReadAt(long offset, Span<byte> buffer)
    {
        below.ReadAt(offset, buffer);
        if (_pages.Count == 0)
        {
            return;
        }

        for (long page = offset / PageSize; page <= (offset + buffer.Length - 1) / PageSize; page++)
        {
            if (_pages.TryGetValue(page, out byte[]? bytes))
            {
                long from = Math.Max(offset, page * PageSize);
                long to = Math.Min(offset + buffer.Length, (page + 1) * PageSize);
                bytes.AsSpan((int)(from - (page * PageSize)), (int)(to - from)).CopyTo(buffer.Slice((int)(from - offset)));
            }
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            long page = offset / PageSize;
            int within = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - within);
            if (!_pages.TryGetValue(page, out byte[]? bytes))
            {
                bytes = new byte[PageSize];
                below.ReadAt(page * PageSize, bytes.AsSpan(0, (int)Math.Min(PageSize, Length - (page * PageSize))));
                _pages.Add(page, bytes);
            }

            buffer.Slice(0, count).CopyTo(bytes.AsSpan(within));
            offset += count;
            buffer = buffer.Slice(count);
        }
    }

    public void Flush()
    {
    }

    /// <summary>Zeroes what was kept: it may be part of a secret.</summary>
    public void Dispose()
    {
        foreach (byte[] page in _pages.Values)
        {
            Array.Clear(page, 0, page.Length);
        }

        _pages.Clear();
    }
}
