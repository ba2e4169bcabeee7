using System.Buffers.Binary;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Fuzz;

/// <summary>A seed's bytes with changes laid over them page by page, so that a great seed costs nothing to change in a few places.</summary>
public sealed class FuzzFile(byte[] seed) : IDisk, IBlockFile
{
    private const int PageSize = 4096;

    // What a file under test may grow by: a defect that writes far out must not eat the machine.
    private const long Room = 64L * 1024 * 1024;

    private readonly Dictionary<long, byte[]> _pages = [];

    public long Length { get; private set; } = seed.Length;

    public bool CanWrite => true;

    public int LogicalSectorSize => 512;

    public byte[] Seed => seed;

    public void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || buffer.Length > Length - offset)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, "file", offset, $"{buffer.Length} bytes there lead beyond its {Length}.");
        }

        while (!buffer.IsEmpty)
        {
            int inner = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - inner);
            if (_pages.TryGetValue(offset / PageSize, out byte[]? page))
            {
                page.AsSpan(inner, count).CopyTo(buffer);
            }
            else
            {
                int there = (int)Math.Clamp(seed.Length - offset, 0, count);
                if (there > 0)
                {
                    seed.AsSpan((int)offset, there).CopyTo(buffer);
                }

                buffer[there..count].Clear();
            }

            buffer = buffer[count..];
            offset += count;
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        if (offset < 0 || offset + buffer.Length > seed.Length + Room)
        {
            throw new HostFileException(HostFileFailure.DiskFull, "fuzz", "The file has no room there.");
        }

        Length = Math.Max(Length, offset + buffer.Length);
        while (!buffer.IsEmpty)
        {
            int inner = (int)(offset % PageSize);
            int count = Math.Min(buffer.Length, PageSize - inner);
            if (!_pages.TryGetValue(offset / PageSize, out byte[]? page))
            {
                page = new byte[PageSize];
                long start = offset - inner;
                int there = (int)Math.Clamp(seed.Length - start, 0, PageSize);
                if (there > 0)
                {
                    seed.AsSpan((int)start, there).CopyTo(page);
                }

                _pages.Add(offset / PageSize, page);
            }

            buffer[..count].CopyTo(page.AsSpan(inner));
            buffer = buffer[count..];
            offset += count;
        }
    }

    public void SetLength(long length) =>
        Length = length >= 0 && length <= seed.Length + Room ? length : throw new HostFileException(HostFileFailure.DiskFull, "fuzz", "No room.");

    public void Flush()
    {
    }

    public void Dispose()
    {
    }

    public uint ReadUInt32(long offset)
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadAt(offset, bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public void WriteUInt32(long offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        WriteAt(offset, bytes);
    }

    public byte[] Read(long offset, int count)
    {
        byte[] bytes = new byte[count];
        ReadAt(offset, bytes);
        return bytes;
    }

    public byte[] ToArray() => Read(0, (int)Length);
}
