using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Checksums;

namespace VmUpdate.DiskFormats.Partitions;

/// <summary>One of the two headers of a GUID partition table, with its entries.</summary>
/// <remarks>
/// UEFI 5.3.2 and 5.3.3. Little-endian; offset and length in bytes:
/// <code>
///  0    8  Signature       "EFI PART"
///  8    4  Revision
/// 12    4  HeaderSize      92 to one sector
/// 16    4  HeaderCrc32     these four taken as zero
/// 24    8  MyLba           the header's own sector
/// 32    8  AlternateLba    the other header's
/// 40    8  FirstUsableLba
/// 48    8  LastUsableLba
/// 56   16  DiskGuid
/// 72    8  EntriesLba
/// 80    4  EntryCount
/// 84    4  EntrySize       128 times a power of two
/// 88    4  EntriesCrc32
/// each entry: type (16), id (16), first LBA (8), last LBA (8), attributes (8), name (72, UTF-16)
/// </code>
/// </remarks>
internal static class GptHeader
{
    internal const int Size = 92;
    internal const int EntrySize = 128;
    internal const ulong Signature = 0x5452415020494645; // "EFI PART"
    internal const int ChecksumOffset = 16;
    private const string Structure = "GPT header";

    /// <summary>The usual number is 128.</summary>
    private const uint MaxEntryCount = 4096;

    private const uint MaxEntrySize = 4096;

    /// <summary>The partitions of the first copy, or of the backup in the last sector where the first is damaged.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="isRequired">Whether a table must be there; else none is no failure.</param>
    internal static IReadOnlyList<Partition>? FindPartitions(IDisk disk, bool isRequired)
    {
        DiskFormatException? first = null;
        long lastSector = (disk.Length / disk.LogicalSectorSize) - 1;
        foreach (long sector in (long[])[1, lastSector])
        {
            try
            {
                return Read(disk, sector);
            }
            catch (DiskFormatException failure)
            {
                first ??= failure;
            }
        }

        return isRequired && first is not null
            ? throw new DiskFormatException(
                first.Defect, Structure, first.Offset, $"neither of the two copies is valid; of the first: {first.Detail}", string.Empty, first)
            : null;
    }

    private static List<Partition> Read(IDisk disk, long sector)
    {
        int sectorSize = disk.LogicalSectorSize;
        byte[] header = new byte[sectorSize];
        long place = sector * sectorSize;
        disk.ReadAt(place, header);
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Signature)
        {
            throw new DiskFormatException(DiskFormatDefect.WrongSignature, Structure, place, "it does not start with 'EFI PART'.");
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12));
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(ChecksumOffset));
        header.AsSpan(ChecksumOffset, sizeof(uint)).Clear();
        if (size < Size || size > (uint)sectorSize || stored != Crc32.Compute(header.AsSpan(0, (int)size)))
        {
            throw new DiskFormatException(DiskFormatDefect.WrongChecksum, Structure, place, "its checksum does not fit.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24)) != (ulong)sector)
        {
            throw new DiskFormatException(DiskFormatDefect.Inconsistent, Structure, place, "it names another sector as its own.");
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(80));
        uint entrySize = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(84));
        if (count > MaxEntryCount || entrySize is < EntrySize or > MaxEntrySize || entrySize % EntrySize != 0)
        {
            throw new DiskFormatException(DiskFormatDefect.LimitExceeded, Structure, place, $"it claims {count} entries of {entrySize} bytes.");
        }

        ulong entriesSector = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(72));
        byte[] entries = new byte[(int)(count * entrySize)];
        if (entriesSector > (ulong)(disk.Length / sectorSize) || (long)entriesSector * sectorSize > disk.Length - entries.Length)
        {
            throw new DiskFormatException(DiskFormatDefect.OutOfBounds, Structure, place, $"its entries at sector {entriesSector} lie behind the disk's end.");
        }

        disk.ReadAt((long)entriesSector * sectorSize, entries);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(88)) != Crc32.Compute(entries))
        {
            throw new DiskFormatException(DiskFormatDefect.WrongChecksum, Structure, place, "the checksum of its entries does not fit.");
        }

        return ReadEntries(disk, entries, (int)entrySize, (long)entriesSector * sectorSize);
    }

    private static List<Partition> ReadEntries(IDisk disk, byte[] entries, int entrySize, long place)
    {
        var partitions = new List<Partition>();
        ulong sectors = (ulong)(disk.Length / disk.LogicalSectorSize);
        for (int index = 0; index * entrySize < entries.Length; index++)
        {
            ReadOnlySpan<byte> entry = entries.AsSpan(index * entrySize, entrySize);
            Guid type = MemoryMarshal.Read<Guid>(entry);
            if (type == Guid.Empty)
            {
                continue;
            }

            ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(32));
            ulong last = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(40));
            if (first > last || last >= sectors)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.OutOfBounds,
                    "GPT entry",
                    place + ((long)index * entrySize),
                    $"partition {index + 1} goes from sector {first} to {last}, and the disk has {sectors}.");
            }

            long length = (long)(last - first + 1) * disk.LogicalSectorSize;
            partitions.Add(new Partition(index + 1, (long)first * disk.LogicalSectorSize, length, type, 0));
        }

        return partitions;
    }
}
