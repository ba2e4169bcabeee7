using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>A virtual disk: a VHDX file and, when it is differencing, the chain of its parents.</summary>
public sealed class VhdxDisk : IDisk
{
    /// <inheritdoc/>
    public long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public bool CanWrite => throw new NotSupportedException();

    /// <inheritdoc/>
    public int LogicalSectorSize => throw new NotSupportedException();

    /// <summary>The files of the chain, the leaf first.</summary>
    public IReadOnlyList<VhdxFileInfo> Chain => throw new NotSupportedException();

    /// <summary>Opens a disk with all its parents.</summary>
    /// <param name="path">The leaf's full path.</param>
    /// <param name="options">How.</param>
    /// <returns>The disk.</returns>
    public static VhdxDisk Open(string path, VhdxOpenOptions options) => throw new NotSupportedException();

    /// <summary>
    /// Makes a differencing disk. Until <see cref="Complete"/> it is under construction: flushes cost nothing, and a crash leaves a
    /// file that is to be deleted and made anew.
    /// </summary>
    /// <param name="path">The new file's full path.</param>
    /// <param name="parentPath">The parent's full path.</param>
    /// <param name="options">How.</param>
    /// <returns>The disk, open for writing.</returns>
    public static VhdxDisk CreateDifferencing(string path, string parentPath, VhdxCreateOptions options) => throw new NotSupportedException();

    /// <summary>Makes a dynamic disk, all zero, under construction until <see cref="Complete"/>.</summary>
    /// <param name="path">The new file's full path.</param>
    /// <param name="length">The virtual size, in bytes.</param>
    /// <param name="options">How.</param>
    /// <returns>The disk, open for writing.</returns>
    public static VhdxDisk CreateDynamic(string path, long length, VhdxCreateOptions options) => throw new NotSupportedException();

    /// <summary>Makes what was written since creation durable: the end of construction. Nothing happens on a disk that was opened.</summary>
    public void Complete() => throw new NotSupportedException();

    /// <inheritdoc/>
    public void ReadAt(long offset, Span<byte> buffer) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
