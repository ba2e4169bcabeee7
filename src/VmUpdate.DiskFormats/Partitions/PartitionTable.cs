using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>The partitions of a disk, GPT or MBR.</summary>
public sealed class PartitionTable
{
    /// <summary>The partitions, in the order of the table; one without a table entry is a disk that is a volume as a whole.</summary>
    public IReadOnlyList<Partition> Partitions => throw new NotSupportedException();

    /// <summary>Reads a disk's partition table.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The table.</returns>
    public static PartitionTable Read(IDisk disk) => throw new NotSupportedException();
}
