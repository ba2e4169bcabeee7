using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Checksums;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>Where a VHDX file keeps its block allocation table and its metadata. There are two copies.</summary>
/// <remarks>
/// [MS-VHDX] 2.2.3. Little-endian; offset and length in bytes:
/// <code>
///  0    4  Signature   "regi"
///  4    4  Checksum    CRC-32C of all 64 KiB, these four taken as zero
///  8    4  EntryCount  at most 2047
/// 12    4  Reserved
/// 16   32  each entry:  Guid (16), FileOffset (8), Length (4), Required (4)
/// </code>
/// </remarks>
internal sealed class RegionTable
{
    internal const int Size = 64 * 1024;
    internal const long FirstOffset = 192 * 1024;
    internal const long SecondOffset = 256 * 1024;

    private const string Structure = "VHDX region table";
    private const uint Signature = 0x69676572; // "regi"
    private const int ChecksumOffset = 4;
    private const int HeaderSize = 16;
    private const int EntrySize = 32;
    private static readonly Guid BatRegion = new("2DC27766-F623-4200-9D64-115E9BFD4A08");
    private static readonly Guid MetadataRegion = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");

    internal RegionTable(FileRange bat, FileRange metadata)
    {
        Bat = bat;
        Metadata = metadata;
        All = [bat, metadata];
    }

    private RegionTable(FileRange bat, FileRange metadata, List<FileRange> all)
    {
        Bat = bat;
        Metadata = metadata;
        All = all;
    }

    internal FileRange Bat { get; }

    internal FileRange Metadata { get; }

    /// <summary>Every region, those that we do not know among them: no block may lie in one.</summary>
    internal IReadOnlyList<FileRange> All { get; }

    /// <summary>Reads the first copy, or the second where the first is damaged.</summary>
    /// <param name="file">The file as it is after the log's replay.</param>
    /// <param name="log">Where the log is, which no region may overlap.</param>
    internal static RegionTable Read(IBlockDevice file, FileRange log)
    {
        byte[] bytes = new byte[Size];
        DiskFormatDefect? firstDefect = null;
        foreach (long offset in (long[])[FirstOffset, SecondOffset])
        {
            file.ReadAt(offset, bytes);
            if (FindDefect(bytes) is not { } defect)
            {
                return Parse(bytes, offset, file.Length, log);
            }

            firstDefect ??= defect;
        }

        throw new DiskFormatException(firstDefect ?? DiskFormatDefect.WrongChecksum, Structure, FirstOffset, "neither of the two copies is valid.");
    }

    /// <summary>The table as it lies in the file.</summary>
    internal void Write(Span<byte> bytes)
    {
        bytes.Slice(0, Size).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Signature);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(8), 2);
        WriteEntry(bytes.Slice(HeaderSize), BatRegion, Bat);
        WriteEntry(bytes.Slice(HeaderSize + EntrySize), MetadataRegion, Metadata);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.Slice(ChecksumOffset), Crc32C.ComputeWithFieldZero(bytes.Slice(0, Size), ChecksumOffset));
    }

    private static void WriteEntry(Span<byte> bytes, Guid id, FileRange place)
    {
        id.ToByteArray().CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(16), (ulong)place.Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(24), (uint)place.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(28), 1);
    }

    private static DiskFormatDefect? FindDefect(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Signature)
        {
            return DiskFormatDefect.WrongSignature;
        }

        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(ChecksumOffset));
        return stored == Crc32C.ComputeWithFieldZero(bytes, ChecksumOffset) ? null : DiskFormatDefect.WrongChecksum;
    }

    private static RegionTable Parse(ReadOnlySpan<byte> bytes, long offset, long fileLength, FileRange log)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8));
        if (count > VhdxLimits.MaxTableEntries)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, Structure, offset, $"it claims {count} entries, and {VhdxLimits.MaxTableEntries} is the most.");
        }

        var known = new Dictionary<Guid, FileRange>();
        for (int index = 0; index < (int)count; index++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(HeaderSize + (index * EntrySize), EntrySize);
            long place = offset + HeaderSize + (index * EntrySize);
            Guid id = MemoryMarshal.Read<Guid>(entry);
            FileRange range = ReadRange(entry, place, fileLength);
            if (known.ContainsKey(id))
            {
                throw new DiskFormatException(DiskFormatDefect.Inconsistent, Structure, place, $"the region {id} is listed twice.");
            }

            bool required = (BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(28)) & 1) != 0;
            if (required && id != BatRegion && id != MetadataRegion)
            {
                throw new DiskFormatException(DiskFormatDefect.NotSupported, Structure, place, $"the region {id} is required and not known.");
            }

            known.Add(id, range);
        }

        if (!known.TryGetValue(BatRegion, out FileRange bat) || !known.TryGetValue(MetadataRegion, out FileRange metadata))
        {
            throw new DiskFormatException(DiskFormatDefect.Inconsistent, Structure, offset, "the BAT's or the metadata's region is missing.");
        }

        RequireApart([.. known.Values, log], offset);
        return new RegionTable(bat, metadata, [.. known.Values]);
    }

    private static FileRange ReadRange(ReadOnlySpan<byte> entry, long place, long fileLength)
    {
        ulong start = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(16));
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(24));
        if (start % VhdxLimits.OneMebibyte != 0 || length % VhdxLimits.OneMebibyte != 0 || start < VhdxLimits.OneMebibyte || length == 0)
        {
            throw new DiskFormatException(
                DiskFormatDefect.OutOfBounds, Structure, place, $"the region (0x{length:X} bytes at 0x{start:X}) is not aligned to 1 MiB, or empty.");
        }

        return start <= (ulong)fileLength && length <= (ulong)fileLength - start
            ? new FileRange((long)start, length)
            : throw new DiskFormatException(
                DiskFormatDefect.Truncated,
                Structure,
                place,
                $"the region (0x{length:X} bytes at 0x{start:X}) ends behind the file's end at 0x{fileLength:X}.");
    }

    private static void RequireApart(List<FileRange> ranges, long offset)
    {
        ranges.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        for (int index = 1; index < ranges.Count; index++)
        {
            if (ranges[index - 1].End > ranges[index].Offset)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.Inconsistent,
                    Structure,
                    offset,
                    $"what starts at 0x{ranges[index - 1].Offset:X} overlaps what starts at 0x{ranges[index].Offset:X}.");
            }
        }
    }
}
