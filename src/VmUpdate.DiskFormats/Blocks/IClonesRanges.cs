namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A file whose file system can let two files share what lies in them until one of them is written (a reflink).</summary>
internal interface IClonesRanges
{
    /// <summary>Has a part of another file stand in this one too, without copying it.</summary>
    /// <param name="source">The other file.</param>
    /// <param name="sourceOffset">Where it lies there, in bytes; whole MiB.</param>
    /// <param name="offset">Where it is to lie here, in bytes; whole MiB, below the present length.</param>
    /// <param name="length">How much, in bytes; whole MiB.</param>
    /// <returns><see langword="false"/> when the file system has no such thing: nothing was changed.</returns>
    /// <exception cref="HostFileException">The host failed.</exception>
    bool TryClone(IBlockDevice source, long sourceOffset, long offset, long length);
}
