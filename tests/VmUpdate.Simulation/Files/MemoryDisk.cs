using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>A raw disk in memory; what was never written takes no room.</summary>
/// <param name="length">Its size, in bytes.</param>
/// <param name="logicalSectorSize">512 or 4096.</param>
public sealed class MemoryDisk(long length, int logicalSectorSize = 512) : IDisk
{
    private SparseBytes _bytes = new();

    public long Length => length;

    public bool CanWrite => true;

    public int LogicalSectorSize => logicalSectorSize;

    /// <summary>A disk of its own with the same bytes: what a child of it would show.</summary>
    public MemoryDisk Clone() => new(length, logicalSectorSize) { _bytes = _bytes.Copy() };

    /// <summary>Whether another disk holds the same bytes.</summary>
    public bool HasSameBytes(MemoryDisk other) => length == other.Length && _bytes.HasSameBytes(other._bytes);

    public void ReadAt(long offset, Span<byte> buffer)
    {
        Require(offset, buffer.Length);
        _bytes.Read(offset, buffer);
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        Require(offset, buffer.Length);
        _bytes.Write(offset, buffer);
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }

    private void Require(long offset, int count)
    {
        if (offset < 0 || offset > length - count)
        {
            throw new DiskFormatException(DiskFormatDefect.Truncated, "disk", offset, $"{count} bytes are wanted, and it has {length}.");
        }
    }
}
