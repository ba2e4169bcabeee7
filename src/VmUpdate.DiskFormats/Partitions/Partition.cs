using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>A partition of a disk.</summary>
/// <param name="Number">Its number in the table, from 1.</param>
/// <param name="Offset">Its place, in bytes from the start of the disk.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="TypeId">The GPT type; <see cref="Guid.Empty"/> on an MBR disk.</param>
/// <param name="MbrType">The MBR type; 0 on a GPT disk.</param>
public sealed record Partition(int Number, long Offset, long Length, Guid TypeId, byte MbrType)
{
    /// <summary>The partition's bytes as a device of their own. Disposing it leaves the disk open.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The device.</returns>
    public IBlockDevice Open(IDisk disk) => throw new NotSupportedException();
}
