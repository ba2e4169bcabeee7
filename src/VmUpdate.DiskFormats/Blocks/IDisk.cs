namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A disk as its guest sees it.</summary>
public interface IDisk : IBlockDevice
{
    /// <summary>The logical sector size, in bytes: 512 or 4096.</summary>
    int LogicalSectorSize { get; }
}
