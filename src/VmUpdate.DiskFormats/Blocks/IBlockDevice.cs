namespace VmUpdate.DiskFormats.Blocks;

/// <summary>
/// Bytes at positions: a host file, a virtual disk, a partition, a stream of a volume. Reads may run side by side;
/// a write runs alone.
/// </summary>
public interface IBlockDevice : IDisposable
{
    /// <summary>The length, in bytes.</summary>
    long Length { get; }

    /// <summary>Whether it was opened for writing.</summary>
    bool CanWrite { get; }

    /// <summary>Fills <paramref name="buffer"/> with the bytes at <paramref name="offset"/>.</summary>
    /// <param name="offset">The position, in bytes from the start.</param>
    /// <param name="buffer">Filled whole.</param>
    /// <exception cref="DiskFormatException">The range leads beyond <see cref="Length"/> (<see cref="DiskFormatDefect.Truncated"/>).</exception>
    /// <exception cref="HostFileException">The host failed.</exception>
    void ReadAt(long offset, Span<byte> buffer);

    /// <summary>Writes <paramref name="buffer"/> at <paramref name="offset"/>. Only a host file and a stream grow by it.</summary>
    /// <param name="offset">The position, in bytes from the start.</param>
    /// <param name="buffer">Written whole.</param>
    /// <exception cref="DiskFormatException">The range leads beyond a device that cannot grow.</exception>
    /// <exception cref="HostFileException">The host failed.</exception>
    void WriteAt(long offset, ReadOnlySpan<byte> buffer);

    /// <summary>Returns when all that was written survives a loss of power.</summary>
    void Flush();
}
