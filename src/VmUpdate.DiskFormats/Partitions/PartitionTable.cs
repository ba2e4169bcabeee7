using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>The partitions of a disk, GPT or MBR.</summary>
public sealed class PartitionTable
{
    private PartitionTable(PartitionTableKind kind, IReadOnlyList<Partition> partitions)
    {
        Kind = kind;
        Partitions = partitions;
    }

    /// <summary>How the disk is divided.</summary>
    public PartitionTableKind Kind { get; }

    /// <summary>
    /// The partitions, in the order of the table; one without a table entry is a disk that is a volume as a whole. None on an empty disk.
    /// </summary>
    public IReadOnlyList<Partition> Partitions { get; }

    /// <summary>Reads a disk's partition table.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The table.</returns>
    /// <exception cref="DiskFormatException">
    /// Both copies of a GPT are damaged, or a table says what cannot be. A damaged first copy is no failure: the backup is used.
    /// </exception>
    public static PartitionTable Read(IDisk disk)
    {
        int sectorSize = disk.LogicalSectorSize;
        if (disk.Length < sectorSize)
        {
            return new PartitionTable(PartitionTableKind.None, []);
        }

        byte[] first = new byte[sectorSize];
        disk.ReadAt(0, first);
        bool hasBootRecord = MasterBootRecord.IsPresent(first);
        if (hasBootRecord && MasterBootRecord.IsVolume(first))
        {
            return new PartitionTable(PartitionTableKind.None, [new Partition(0, 0, disk.Length, Guid.Empty, 0)]);
        }

        if (!hasBootRecord || MasterBootRecord.IsProtective(first))
        {
            // Without a boot record a table may still be there: wiping the first sector is a common accident.
            IReadOnlyList<Partition>? partitions = GptHeader.FindPartitions(disk, isRequired: hasBootRecord);
            return partitions is null
                ? new PartitionTable(PartitionTableKind.None, [])
                : new PartitionTable(PartitionTableKind.Gpt, partitions);
        }

        return new PartitionTable(PartitionTableKind.Mbr, MasterBootRecord.ReadPartitions(disk, first));
    }
}
