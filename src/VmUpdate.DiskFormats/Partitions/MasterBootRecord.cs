using System.Buffers.Binary;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>The first sector of a disk that is divided in the old way, and the chain of extended boot records.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes. Sectors are the disk's logical ones:
/// <code>
///   0  446  Boot code; a volume's own boot sector has its name at 3
/// 446   16  each of four entries: status (1), first CHS (3), type (1), last CHS (3), first sector (4), sectors (4)
/// 510    2  Signature  0x55 0xAA
/// </code>
/// </remarks>
internal static class MasterBootRecord
{
    internal const byte ProtectiveType = 0xEE;
    internal const int EntriesOffset = 446;
    internal const int EntrySize = 16;
    private const int EntryCount = 4;
    private const int SignatureOffset = 510;
    private const ushort Signature = 0xAA55;
    private const int FirstLogicalNumber = 5;
    private const string Structure = "extended boot record";

    /// <summary>Windows stops far earlier; a chain that leads back to itself ends here.</summary>
    private const int MaxLogicalPartitions = 128;

    internal static bool IsPresent(ReadOnlySpan<byte> sector) =>
        BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(SignatureOffset)) == Signature;

    /// <summary>Whether the sector is the start of a volume: NTFS, BitLocker, FAT; those end with the same signature.</summary>
    internal static bool IsVolume(ReadOnlySpan<byte> sector)
    {
        ReadOnlySpan<byte> name = sector.Slice(3, 8);
        return name.SequenceEqual("NTFS    "u8) || name.SequenceEqual("-FVE-FS-"u8) || name.SequenceEqual("EXFAT   "u8)
            || name.SequenceEqual("MSDOS5.0"u8) || sector.Slice(3, 4).SequenceEqual("ReFS"u8);
    }

    internal static bool IsProtective(ReadOnlySpan<byte> sector)
    {
        for (int index = 0; index < EntryCount; index++)
        {
            if (sector[EntriesOffset + (index * EntrySize) + 4] == ProtectiveType)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The primary partitions, then the logical ones, numbered from 5 as Windows and Linux do.</summary>
    internal static List<Partition> ReadPartitions(IDisk disk, byte[] firstSector)
    {
        var partitions = new List<Partition>();
        long extended = 0;
        for (int index = 0; index < EntryCount; index++)
        {
            Entry entry = ReadEntry(firstSector, index);
            if (entry.IsExtended)
            {
                extended = entry.FirstSector;
            }
            else if (entry.Type != 0 && entry.Sectors != 0)
            {
                partitions.Add(ToPartition(disk, index + 1, entry, 0));
            }
        }

        if (extended != 0)
        {
            ReadLogicalPartitions(disk, extended, partitions);
        }

        return partitions;
    }

    private static void ReadLogicalPartitions(IDisk disk, long extended, List<Partition> partitions)
    {
        byte[] sector = new byte[disk.LogicalSectorSize];
        long record = extended;
        for (int count = 0; record != 0; count++)
        {
            long place = record * disk.LogicalSectorSize;
            if (count == MaxLogicalPartitions)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.LimitExceeded, Structure, place, $"there are more than {MaxLogicalPartitions}, or they lead back to themselves.");
            }

            if (place > disk.Length - sector.Length)
            {
                throw new DiskFormatException(DiskFormatDefect.OutOfBounds, Structure, place, $"it lies behind the disk's end at {disk.Length}.");
            }

            disk.ReadAt(place, sector);
            if (!IsPresent(sector))
            {
                throw new DiskFormatException(DiskFormatDefect.WrongSignature, Structure, place, "it does not end with 0x55 0xAA.");
            }

            Entry entry = ReadEntry(sector, 0);
            if (entry.Type != 0 && entry.Sectors != 0)
            {
                partitions.Add(ToPartition(disk, FirstLogicalNumber + count, entry, record));
            }

            // The next record's place counts from the start of the whole extended partition, not from this record.
            Entry next = ReadEntry(sector, 1);
            record = next.IsExtended && next.FirstSector != 0 ? extended + next.FirstSector : 0;
        }
    }

    private static Partition ToPartition(IDisk disk, int number, Entry entry, long origin) => new(
        number,
        (origin + entry.FirstSector) * disk.LogicalSectorSize,
        (long)entry.Sectors * disk.LogicalSectorSize,
        Guid.Empty,
        entry.Type);

    private static Entry ReadEntry(byte[] sector, int index)
    {
        ReadOnlySpan<byte> bytes = sector.AsSpan(EntriesOffset + (index * EntrySize), EntrySize);
        return new Entry(
            bytes[4], BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(12)));
    }

    private readonly record struct Entry(byte Type, uint FirstSector, uint Sectors)
    {
        /// <summary>The three types of a partition that holds others.</summary>
        internal bool IsExtended => Type is 0x05 or 0x0F or 0x85;
    }
}
