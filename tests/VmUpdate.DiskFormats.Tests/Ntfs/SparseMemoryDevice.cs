using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

/// <summary>A device in memory that keeps only the pages that are not zero, and counts what is asked of it.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Used by the tests of this folder.")]
internal sealed class SparseMemoryDevice(long length) : IBlockDevice
{
    private const int PageSize = 4096;
    private readonly Dictionary<long, byte[]> _pages = [];

    public long Length { get; } = length;

    public bool CanWrite { get; init; } = true;

    public int Writes { get; private set; }

    public long BytesWritten { get; private set; }

    public int SectorSize { get; init; } = 512;

    public static SparseMemoryDevice FromGzip(string path, long offset = 0, long? length = null)
    {
        using var file = File.OpenRead(path);
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        return From(unpacked, offset, length);
    }

    public static SparseMemoryDevice From(Stream unpacked, long offset = 0, long? length = null)
    {
        byte[] page = new byte[PageSize];
        var pages = new Dictionary<long, byte[]>();
        long at = -offset;
        if (offset % PageSize != 0)
        {
            unpacked.ReadExactly(new byte[offset % PageSize]);
            at += offset % PageSize;
        }

        while (true)
        {
            int read = unpacked.ReadAtLeast(page, PageSize, throwOnEndOfStream: false);
            if (read == 0 || at >= (length ?? long.MaxValue))
            {
                break;
            }

            if (at >= 0 && page.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                byte[] copy = new byte[PageSize];
                page.AsSpan(0, read).CopyTo(copy);
                pages[at / PageSize] = copy;
            }

            at += read;
        }

        var device = new SparseMemoryDevice(length ?? at);
        foreach (var (number, bytes) in pages)
        {
            device._pages[number] = bytes;
        }

        return device;
    }

    public void ReadAt(long offset, Span<byte> buffer)
    {
        Check(offset, buffer.Length);
        while (buffer.Length > 0)
        {
            int within = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - within);
            if (_pages.TryGetValue(offset / PageSize, out byte[]? page))
            {
                page.AsSpan(within, count).CopyTo(buffer);
            }
            else
            {
                buffer[..count].Clear();
            }

            buffer = buffer[count..];
            offset += count;
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        Check(offset, buffer.Length);
        if (offset % SectorSize != 0 || buffer.Length % SectorSize != 0)
        {
            throw new InvalidOperationException($"A write of {buffer.Length} bytes at {offset} is not of whole sectors.");
        }

        Writes++;
        BytesWritten += buffer.Length;
        while (buffer.Length > 0)
        {
            int within = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - within);
            if (!_pages.TryGetValue(offset / PageSize, out byte[]? page))
            {
                page = new byte[PageSize];
                _pages[offset / PageSize] = page;
            }

            buffer[..count].CopyTo(page.AsSpan(within));
            buffer = buffer[count..];
            offset += count;
        }
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }

    public void SaveTo(string path)
    {
        using var file = File.Create(path);
        file.SetLength(Length);
        foreach (var (number, bytes) in _pages)
        {
            file.Position = number * PageSize;
            file.Write(bytes, 0, (int)Math.Min(PageSize, Length - file.Position));
        }
    }

    public SparseMemoryDevice Copy()
    {
        var copy = new SparseMemoryDevice(Length) { SectorSize = SectorSize };
        foreach (var (number, bytes) in _pages)
        {
            copy._pages[number] = (byte[])bytes.Clone();
        }

        return copy;
    }

    private void Check(long offset, int count)
    {
        if (offset < 0 || count > Length - offset)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, "device", offset, $"{count} bytes lead beyond {Length}.");
        }
    }
}
