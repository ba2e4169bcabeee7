using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>A partition of a disk.</summary>
/// <param name="Number">Its number in the table, from 1; 0 when the disk has no table and is a volume as a whole.</param>
/// <param name="Offset">Its place, in bytes from the start of the disk.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="TypeId">The GPT type; <see cref="Guid.Empty"/> on an MBR disk.</param>
/// <param name="MbrType">The MBR type; 0 on a GPT disk.</param>
public sealed record Partition(int Number, long Offset, long Length, Guid TypeId, byte MbrType)
{
    /// <summary>The partition's bytes as a device of their own. Disposing it leaves the disk open.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The device.</returns>
    /// <exception cref="DiskFormatException">The table places the partition beyond the disk's end.</exception>
    public IBlockDevice Open(IDisk disk)
    {
        if (Offset < 0 || Length < 0 || Offset > disk.Length - Length)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Truncated,
                $"partition {Number}",
                Offset,
                $"it has {Length} bytes there, and the disk ends at {disk.Length}.");
        }

        return new BlockSlice(disk, Offset, Length, Number == 0 ? "volume" : $"partition {Number}");
    }
}
