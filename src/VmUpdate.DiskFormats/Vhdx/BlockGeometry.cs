namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>How a disk is cut into blocks, and where their entries are in the table.</summary>
/// <remarks>[MS-VHDX] 2.4 and 2.5: after the entries of each chunk's payload blocks stands the entry of the chunk's sector bitmap.</remarks>
internal sealed class BlockGeometry
{
    /// <summary>A sector bitmap block is 1 MiB and has this many bits.</summary>
    private const long SectorsPerBitmap = 1L << 23;

    internal BlockGeometry(VhdxMetadata metadata)
    {
        BlockSize = metadata.BlockSize;
        SectorSize = metadata.LogicalSectorSize;
        VirtualLength = metadata.VirtualLength;
        ChunkRatio = (int)(SectorsPerBitmap * SectorSize / BlockSize);
        BlockCount = ((VirtualLength - 1) / BlockSize) + 1;
        long chunks = ((BlockCount - 1) / ChunkRatio) + 1;
        EntryCount = metadata.Parent is null ? BlockCount + ((BlockCount - 1) / ChunkRatio) : chunks * (ChunkRatio + 1);
    }

    internal int BlockSize { get; }

    internal int SectorSize { get; }

    internal long VirtualLength { get; }

    /// <summary>Payload blocks for each sector bitmap block.</summary>
    internal int ChunkRatio { get; }

    internal long BlockCount { get; }

    internal long EntryCount { get; }

    internal int SectorsPerBlock => BlockSize / SectorSize;

    /// <summary>The table's index of a payload block.</summary>
    internal long PayloadEntry(long block) => block + (block / ChunkRatio);

    /// <summary>The table's index of the sector bitmap that describes a payload block.</summary>
    internal long BitmapEntry(long block) => ((block / ChunkRatio) * (ChunkRatio + 1)) + ChunkRatio;

    internal bool IsBitmapEntry(long entry) => entry % (ChunkRatio + 1) == ChunkRatio;

    /// <summary>The payload block of an entry that is not a bitmap's.</summary>
    internal long BlockOf(long entry) => entry - (entry / (ChunkRatio + 1));

    /// <summary>The bit of a block's first sector in its chunk's bitmap.</summary>
    internal long FirstBit(long block) => block % ChunkRatio * SectorsPerBlock;

    /// <summary>How many bytes of a block belong to the disk: fewer in the last one, none in those that fill the last chunk of a child's table.</summary>
    internal int UsedLength(long block) => (int)Math.Max(0, Math.Min(BlockSize, VirtualLength - (block * BlockSize)));
}
