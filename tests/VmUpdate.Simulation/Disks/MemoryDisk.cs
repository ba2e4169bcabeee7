using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Disks;

/// <summary>A disk in memory; pages that were never written cost nothing.</summary>
public sealed class MemoryDisk : IDisk
{
    private const int PageSize = 64 * 1024;
    private readonly Dictionary<long, byte[]> _pages = [];

    public MemoryDisk(long length, int sectorSize = 512)
    {
        Length = length;
        LogicalSectorSize = sectorSize;
    }

    public long Length { get; }

    public bool CanWrite => true;

    public int LogicalSectorSize { get; }

    public int Flushes { get; private set; }

    /// <summary>A disk of its own with the same bytes: what a child of it would show.</summary>
    public MemoryDisk Clone()
    {
        var copy = new MemoryDisk(Length, LogicalSectorSize);
        foreach ((long page, byte[] bytes) in _pages)
        {
            copy._pages.Add(page, (byte[])bytes.Clone());
        }

        return copy;
    }

    public bool HasSameBytes(MemoryDisk other) => Length == other.Length && _pages.Keys.Union(other._pages.Keys).All(
        page => _pages.GetValueOrDefault(page, Zeros).AsSpan().SequenceEqual(other._pages.GetValueOrDefault(page, Zeros)));

    public void ReadAt(long offset, Span<byte> buffer)
    {
        Check(offset, buffer.Length);
        while (buffer.Length > 0)
        {
            int inPage = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - inPage);
            _pages.GetValueOrDefault(offset / PageSize, Zeros).AsSpan(inPage, count).CopyTo(buffer);
            buffer = buffer[count..];
            offset += count;
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        Check(offset, buffer.Length);
        while (buffer.Length > 0)
        {
            int inPage = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - inPage);
            if (!_pages.TryGetValue(offset / PageSize, out byte[]? page))
            {
                page = new byte[PageSize];
                _pages.Add(offset / PageSize, page);
            }

            buffer[..count].CopyTo(page.AsSpan(inPage));
            buffer = buffer[count..];
            offset += count;
        }
    }

    public void Flush() => Flushes++;

    public void Dispose()
    {
    }

    private static byte[] Zeros { get; } = new byte[PageSize];

    private void Check(long offset, int count)
    {
        if (offset < 0 || offset > Length - count)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, "disk", offset, $"{count} bytes there lead beyond its end.");
        }
    }
}
