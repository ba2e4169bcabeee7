using System.Buffers.Binary;
using System.Text;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Checksums;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>Divides an empty disk: a protective boot record and both copies of a GUID partition table.</summary>
public static class GptWriter
{
    private const int EntryCount = 128;
    private const int MaxNameLength = 36;
    private const uint Revision = 0x00010000;
    private const int EntriesLength = EntryCount * GptHeader.EntrySize;

    /// <summary>Writes the table. What was in its sectors is gone; nothing is flushed.</summary>
    /// <param name="disk">The disk, open for writing.</param>
    /// <param name="partitions">What is to be on it, at most 128, none overlapping.</param>
    /// <param name="newGuid">Ids for the disk and its partitions.</param>
    /// <exception cref="ArgumentException">A partition does not fit, overlaps another, or is not of whole sectors.</exception>
    public static void Write(IDisk disk, IReadOnlyList<GptPartition> partitions, Func<Guid> newGuid)
    {
        int sectorSize = disk.LogicalSectorSize;
        long sectors = disk.Length / sectorSize;
        long entrySectors = (EntriesLength + sectorSize - 1) / sectorSize;
        long firstUsable = 2 + entrySectors;
        long lastUsable = sectors - entrySectors - 2;
        Require(partitions, sectorSize, firstUsable, lastUsable);

        byte[] entries = new byte[EntriesLength];
        for (int index = 0; index < partitions.Count; index++)
        {
            WriteEntry(entries.AsSpan(index * GptHeader.EntrySize), partitions[index], newGuid(), sectorSize);
        }

        Guid diskId = newGuid();
        uint checksum = Crc32.Compute(entries);
        disk.WriteAt((lastUsable + 1) * sectorSize, entries);
        disk.WriteAt((sectors - 1) * sectorSize, Header(sectors - 1, 1, lastUsable + 1));
        disk.WriteAt(2L * sectorSize, entries);
        disk.WriteAt(sectorSize, Header(1, sectors - 1, 2));
        disk.WriteAt(0, ProtectiveRecord(sectorSize, sectors));

        byte[] Header(long own, long other, long entriesSector)
        {
            byte[] header = new byte[sectorSize];
            BinaryPrimitives.WriteUInt64LittleEndian(header, GptHeader.Signature);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Revision);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), GptHeader.Size);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), own);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), other);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), firstUsable);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(48), lastUsable);
            diskId.ToByteArray().CopyTo(header, 56);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(72), entriesSector);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(80), EntryCount);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(84), GptHeader.EntrySize);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(88), checksum);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(GptHeader.ChecksumOffset), Crc32.Compute(header.AsSpan(0, GptHeader.Size)));
            return header;
        }
    }

    private static void Require(IReadOnlyList<GptPartition> partitions, int sectorSize, long firstUsable, long lastUsable)
    {
        if (partitions.Count > EntryCount)
        {
            throw new ArgumentException($"{partitions.Count} partitions are too many; {EntryCount} fit.", nameof(partitions));
        }

        long end = firstUsable * sectorSize;
        foreach (GptPartition partition in partitions.OrderBy(partition => partition.Offset))
        {
            bool whole = partition.Offset % sectorSize == 0 && partition.Length % sectorSize == 0 && partition.Length > 0;
            if (!whole || partition.Offset < end || partition.Offset > ((lastUsable + 1) * sectorSize) - partition.Length)
            {
                throw new ArgumentException(
                    $"The partition of {partition.Length} bytes at {partition.Offset} overlaps another, leads out of the disk, or is not of whole sectors.",
                    nameof(partitions));
            }

            if (partition.Name.Length > MaxNameLength)
            {
                throw new ArgumentException($"The name '{partition.Name}' is longer than {MaxNameLength} characters.", nameof(partitions));
            }

            end = partition.Offset + partition.Length;
        }
    }

    private static void WriteEntry(Span<byte> entry, GptPartition partition, Guid id, int sectorSize)
    {
        partition.TypeId.ToByteArray().CopyTo(entry);
        id.ToByteArray().CopyTo(entry.Slice(16));
        BinaryPrimitives.WriteInt64LittleEndian(entry.Slice(32), partition.Offset / sectorSize);
        BinaryPrimitives.WriteInt64LittleEndian(entry.Slice(40), ((partition.Offset + partition.Length) / sectorSize) - 1);
        Encoding.Unicode.GetBytes(partition.Name).CopyTo(entry.Slice(56));
    }

    /// <summary>One entry over the whole disk, so that programs which know only the old table see no free room.</summary>
    private static byte[] ProtectiveRecord(int sectorSize, long sectors)
    {
        byte[] record = new byte[sectorSize];
        Span<byte> entry = record.AsSpan(MasterBootRecord.EntriesOffset, MasterBootRecord.EntrySize);
        entry[2] = 2; // CHS 0/0/2, the sector behind the record
        entry[4] = MasterBootRecord.ProtectiveType;
        entry.Slice(5, 3).Fill(0xFF);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(8), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(12), (uint)Math.Min(sectors - 1, uint.MaxValue));
        record[510] = 0x55;
        record[511] = 0xAA;
        return record;
    }
}
