using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Checksums;

namespace VmUpdate.DiskFormats.Vhdx.Log;

/// <summary>One valid entry of a VHDX file's log: pages that are to be in the file, and how long the file is to be.</summary>
/// <remarks>
/// [MS-VHDX] 2.3.1. Little-endian; offset and length in bytes. Sectors of 4096 bytes: first those of descriptors, then one for each
/// data descriptor:
/// <code>
///  0    4  Signature          "loge"
///  4    4  Checksum           CRC-32C of the entry, these four taken as zero
///  8    4  EntryLength        multiple of 4096
/// 12    4  Tail               where the oldest entry that is still needed starts, from the start of the log
/// 16    8  SequenceNumber     one more than the entry before
/// 24    4  DescriptorCount
/// 32   16  LogGuid            the header's
/// 48    8  FlushedFileOffset  the file is at least this long, or it was truncated
/// 56    8  LastFileOffset     everything allocated ends here
/// 64   32  each descriptor:   "desc", last 4 bytes, first 8 bytes, FileOffset (8), SequenceNumber (8)
///                         or  "zero", reserved (4), ZeroLength (8), FileOffset (8), SequenceNumber (8)
/// each data sector:           "data", high half of SequenceNumber (4), bytes 8 to 4091 of the page, low half (4)
/// </code>
/// </remarks>
internal sealed class LogEntry
{
    internal const int SectorSize = 4096;
    internal const uint Signature = 0x65676F6C; // "loge"
    internal const int DescriptorSize = 32;
    internal const int HeaderSize = 64;

    private const uint DataDescriptor = 0x63736564; // "desc"
    private const uint ZeroDescriptor = 0x6F72657A; // "zero"
    private const uint DataSector = 0x61746164; // "data"
    private const int ChecksumOffset = 4;
    private const int TrailingSize = 4;
    private const int LeadingSize = 8;
    private readonly byte[] _bytes;

    private LogEntry(byte[] bytes, int position)
    {
        _bytes = bytes;
        Position = position;
    }

    /// <summary>Where the entry starts in the log, in bytes.</summary>
    internal int Position { get; }

    internal int Length => _bytes.Length;

    internal uint Tail => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(12));

    internal ulong SequenceNumber => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(16));

    internal ulong FlushedFileOffset => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(48));

    internal ulong LastFileOffset => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(56));

    private int DescriptorCount => (int)BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(24));

    /// <summary>The entry's length as its header claims it; 0 when it cannot be one.</summary>
    internal static int ClaimedLength(ReadOnlySpan<byte> sector, int logLength)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(8));
        return length >= SectorSize && length <= (uint)logLength && length % SectorSize == 0 ? (int)length : 0;
    }

    /// <summary>The entry in <paramref name="bytes"/>, or <see langword="null"/> when any part of it is not as it must be.</summary>
    /// <param name="bytes">The whole entry.</param>
    /// <param name="position">Where it starts in the log.</param>
    /// <param name="logGuid">The header's; an entry of another is a stale one.</param>
    internal static LogEntry? TryRead(byte[] bytes, int position, Guid logGuid)
    {
        if (MemoryMarshal.Read<Guid>(bytes.AsSpan(32)) != logGuid
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(ChecksumOffset)) != Crc32C.ComputeWithFieldZero(bytes, ChecksumOffset))
        {
            return null;
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(24));
        bool fits = count <= (uint)(bytes.Length - HeaderSize) / DescriptorSize;
        var entry = new LogEntry(bytes, position);
        return fits && entry.SequenceNumber != 0 && entry.Tail % SectorSize == 0 && entry.AreWritesValid() ? entry : null;
    }

    /// <summary>The entry's changes, in their order.</summary>
    internal IEnumerable<LogWrite> Writes()
    {
        int sector = DescriptorSectors(DescriptorCount) * SectorSize;
        for (int index = 0; index < DescriptorCount; index++)
        {
            int at = HeaderSize + (index * DescriptorSize);
            long offset = BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(at + 16));
            if (BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at)) == ZeroDescriptor)
            {
                yield return new LogWrite(offset, BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(at + 8)), null);
                continue;
            }

            byte[] page = _bytes.AsSpan(sector, SectorSize).ToArray();
            _bytes.AsSpan(at + 8, LeadingSize).CopyTo(page);
            _bytes.AsSpan(at + 4, TrailingSize).CopyTo(page.AsSpan(SectorSize - TrailingSize));
            sector += SectorSize;
            yield return new LogWrite(offset, SectorSize, page);
        }
    }

    /// <summary>An entry as it is to lie in the log.</summary>
    internal static byte[] Compose(
        Guid logGuid, ulong sequenceNumber, int position, long fileLength, IReadOnlyList<KeyValuePair<long, byte[]>> pages)
    {
        int sector = DescriptorSectors(pages.Count) * SectorSize;
        byte[] bytes = new byte[sector + (pages.Count * SectorSize)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Signature);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), (uint)bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)position);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), sequenceNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), (uint)pages.Count);
        logGuid.ToByteArray().CopyTo(bytes, 32);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), fileLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(56), fileLength);
        for (int index = 0; index < pages.Count; index++)
        {
            Span<byte> descriptor = bytes.AsSpan(HeaderSize + (index * DescriptorSize));
            ReadOnlySpan<byte> page = pages[index].Value;
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor, DataDescriptor);
            page.Slice(SectorSize - TrailingSize).CopyTo(descriptor.Slice(4));
            page.Slice(0, LeadingSize).CopyTo(descriptor.Slice(8));
            BinaryPrimitives.WriteInt64LittleEndian(descriptor.Slice(16), pages[index].Key);
            BinaryPrimitives.WriteUInt64LittleEndian(descriptor.Slice(24), sequenceNumber);

            Span<byte> data = bytes.AsSpan(sector, SectorSize);
            page.CopyTo(data);
            BinaryPrimitives.WriteUInt32LittleEndian(data, DataSector);
            BinaryPrimitives.WriteUInt32LittleEndian(data.Slice(4), (uint)(sequenceNumber >> 32));
            BinaryPrimitives.WriteUInt32LittleEndian(data.Slice(SectorSize - TrailingSize), (uint)(sequenceNumber & uint.MaxValue));
            sector += SectorSize;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumOffset), Crc32C.ComputeWithFieldZero(bytes, ChecksumOffset));
        return bytes;
    }

    private static int DescriptorSectors(int count) => (HeaderSize + (count * DescriptorSize) + SectorSize - 1) / SectorSize;

    /// <summary>The checksum may be right and the rest still not what the format allows: nothing of such an entry is believed.</summary>
    private bool AreWritesValid()
    {
        int sector = DescriptorSectors(DescriptorCount) * SectorSize;
        for (int index = 0; index < DescriptorCount; index++)
        {
            ReadOnlySpan<byte> descriptor = _bytes.AsSpan(HeaderSize + (index * DescriptorSize), DescriptorSize);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(descriptor.Slice(16));
            ulong length = SectorSize;
            switch (BinaryPrimitives.ReadUInt32LittleEndian(descriptor))
            {
                case ZeroDescriptor:
                    length = BinaryPrimitives.ReadUInt64LittleEndian(descriptor.Slice(8));
                    break;
                case DataDescriptor when sector <= _bytes.Length - SectorSize && IsDataSector(_bytes.AsSpan(sector, SectorSize)):
                    sector += SectorSize;
                    break;
                default:
                    return false;
            }

            bool placed = offset % SectorSize == 0 && length % SectorSize == 0
                && offset <= VhdxLimits.MaxFileLength && length <= VhdxLimits.MaxFileLength;
            if (!placed || BinaryPrimitives.ReadUInt64LittleEndian(descriptor.Slice(24)) != SequenceNumber)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsDataSector(ReadOnlySpan<byte> sector) =>
        BinaryPrimitives.ReadUInt32LittleEndian(sector) == DataSector
        && BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(4)) == (uint)(SequenceNumber >> 32)
        && BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(SectorSize - TrailingSize)) == (uint)(SequenceNumber & uint.MaxValue);
}
