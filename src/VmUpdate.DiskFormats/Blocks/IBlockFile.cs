namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A host file, or a stream of a guest's volume: bytes at positions whose length can be set.</summary>
public interface IBlockFile : IBlockDevice
{
    /// <summary>Sets the length. What is added reads as zero.</summary>
    /// <param name="length">The new length, in bytes.</param>
    void SetLength(long length);
}
