namespace VmUpdate.DiskFormats.Partitions;

/// <summary>How a disk is divided.</summary>
public enum PartitionTableKind
{
    /// <summary>Not at all: it is empty, or a volume as a whole.</summary>
    None,

    /// <summary>By a master boot record.</summary>
    Mbr,

    /// <summary>By a GUID partition table.</summary>
    Gpt,
}
