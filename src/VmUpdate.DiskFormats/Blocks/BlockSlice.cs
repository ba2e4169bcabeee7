namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A part of a device as a device of its own. Disposing it leaves the whole open.</summary>
internal sealed class BlockSlice : IBlockDevice
{
    private readonly IBlockDevice _whole;
    private readonly long _start;
    private readonly string _structure;

    /// <summary>Makes the part; the caller has checked that it lies within the whole.</summary>
    internal BlockSlice(IBlockDevice whole, long start, long length, string structure)
    {
        _whole = whole;
        _start = start;
        _structure = structure;
        Length = length;
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public bool CanWrite => _whole.CanWrite;

    /// <inheritdoc/>
    public void ReadAt(long offset, Span<byte> buffer)
    {
        Require(offset, buffer.Length, DiskFormatDefect.Truncated);
        _whole.ReadAt(_start + offset, buffer);
    }

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        Require(offset, buffer.Length, DiskFormatDefect.OutOfBounds);
        _whole.WriteAt(_start + offset, buffer);
    }

    /// <inheritdoc/>
    public void Flush() => _whole.Flush();

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Require(long offset, int count, DiskFormatDefect defect)
    {
        if (offset < 0 || offset > Length - count)
        {
            throw new DiskFormatException(defect, _structure, offset, $"{count} bytes are wanted, and it has {Length}.");
        }
    }
}
