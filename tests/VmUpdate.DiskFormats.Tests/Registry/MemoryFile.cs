using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>A file in memory that counts what is asked of it, and remembers each write and flush so that a crash can be played back.</summary>
internal sealed class MemoryFile(byte[] content, string name = "hive") : IBlockFile
{
    private byte[] _bytes = content;

    public static MemoryFile Empty => new([]);

    public string Name { get; } = name;

    public long Length { get; private set; } = content.Length;

    public bool CanWrite => true;

    public long BytesRead { get; private set; }

    public int Reads { get; private set; }

    public long BytesWritten { get; private set; }

    public List<FileEvent>? Journal { get; init; }

    public byte[] ToArray() => _bytes.AsSpan(0, (int)Length).ToArray();

    public void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset + buffer.Length > Length)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, "file", offset, "the read leads beyond its end.", Name);
        }

        BytesRead += buffer.Length;
        Reads++;
        _bytes.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        if (offset + buffer.Length > Length)
        {
            Reserve(offset + buffer.Length);
            Length = offset + buffer.Length;
        }

        BytesWritten += buffer.Length;
        buffer.CopyTo(_bytes.AsSpan((int)offset));
        Journal?.Add(new FileEvent(this, offset, buffer.ToArray()));
    }

    public void Flush() => Journal?.Add(new FileEvent(this, -1, []));

    public void SetLength(long length)
    {
        Reserve(length);
        if (length < Length)
        {
            _bytes.AsSpan((int)length, (int)(Length - length)).Clear();
        }

        Length = length;
        Journal?.Add(new FileEvent(this, length, null));
    }

    public void Dispose()
    {
    }

    private void Reserve(long length)
    {
        if (length > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Max(length, _bytes.Length * 2L));
        }
    }
}

/// <summary>Something that was asked of a file: a write (bytes), a flush (no place), a new length (no bytes).</summary>
internal sealed record FileEvent(MemoryFile File, long Offset, byte[]? Bytes)
{
    public bool IsFlush => Offset < 0;
}
