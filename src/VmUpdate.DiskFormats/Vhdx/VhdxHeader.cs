using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Checksums;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>
/// One of a VHDX file's two headers. It says where the log is and whether the log must be replayed before anything else in the file
/// may be believed.
/// </summary>
/// <remarks>
/// [MS-VHDX] 2.2.2. Little-endian; offset and length in bytes:
/// <code>
///  0    4  Signature        "head"
///  4    4  Checksum         CRC-32C of all 4096 bytes, these four taken as zero
///  8    8  SequenceNumber   the valid header with the greater number is current
/// 16   16  FileWriteGuid    changes before the first write of every open
/// 32   16  DataWriteGuid    changes before the first write the guest could see
/// 48   16  LogGuid          zero: the log is empty, nothing to replay
/// 64    2  LogVersion       0
/// 66    2  Version          1
/// 68    4  LogLength        multiple of 1 MiB
/// 72    8  LogOffset        multiple of 1 MiB, from the start of the file
/// 80 4016  Reserved
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct VhdxHeader
{
    internal const int Size = 4096;
    internal const long FirstOffset = 64 * 1024;
    internal const long SecondOffset = 128 * 1024;
    internal const string Structure = "VHDX header";

    private const uint Signature = 0x64616568; // "head"
    private const int ChecksumOffset = 4;
    private const ushort SupportedVersion = 1;
    private const ushort SupportedLogVersion = 0;

    private VhdxHeader(ReadOnlySpan<byte> bytes)
    {
        SequenceNumber = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(8));
        FileWriteGuid = MemoryMarshal.Read<Guid>(bytes.Slice(16));
        DataWriteGuid = MemoryMarshal.Read<Guid>(bytes.Slice(32));
        LogGuid = MemoryMarshal.Read<Guid>(bytes.Slice(48));
        LogLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(68));
        LogOffset = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(72)), long.MaxValue);
    }

    internal ulong SequenceNumber { get; init; }

    internal Guid FileWriteGuid { get; init; }

    internal Guid DataWriteGuid { get; init; }

    internal Guid LogGuid { get; init; }

    internal long LogLength { get; init; }

    internal long LogOffset { get; init; }

    /// <summary>Whether the log holds writes that never reached their place, so that replay comes first.</summary>
    internal bool NeedsReplay => LogGuid != Guid.Empty;

    /// <summary>Chooses the header that a file's other structures are to be read by.</summary>
    /// <param name="first">The <see cref="Size"/> bytes at <see cref="FirstOffset"/>.</param>
    /// <param name="second">The <see cref="Size"/> bytes at <see cref="SecondOffset"/>.</param>
    /// <param name="fileLength">The file's length, in bytes.</param>
    /// <param name="currentIsSecond">Which of the two it is: the next update goes to the other.</param>
    internal static VhdxHeader ReadCurrent(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long fileLength, out bool currentIsSecond)
    {
        // A torn header is not an error: a crash during a header update leaves exactly one, and the other copy is there for that
        // ([MS-VHDX] 2.2.2.1). Only losing both makes the file unreadable.
        DiskFormatDefect? firstDefect = FindDefect(first);
        DiskFormatDefect? secondDefect = FindDefect(second);
        if (firstDefect is { } defect && secondDefect is not null)
        {
            throw new DiskFormatException(defect, Structure, FirstOffset, "neither of the two copies is valid.");
        }

        ulong firstNumber = firstDefect is null ? new VhdxHeader(first).SequenceNumber : 0;
        ulong secondNumber = secondDefect is null ? new VhdxHeader(second).SequenceNumber : 0;
        bool bothValid = firstDefect is null && secondDefect is null;
        if (bothValid && firstNumber == secondNumber && !first.SequenceEqual(second))
        {
            throw new DiskFormatException(
                DiskFormatDefect.Inconsistent,
                Structure,
                FirstOffset,
                $"both copies carry the number {firstNumber} and differ, so neither is known to be the current one.");
        }

        currentIsSecond = firstDefect is not null || (bothValid && secondNumber > firstNumber);
        return Checked(currentIsSecond ? second : first, currentIsSecond ? SecondOffset : FirstOffset, fileLength);
    }

    /// <summary>The header as it lies in the file.</summary>
    internal void Write(Span<byte> bytes)
    {
        bytes.Slice(0, Size).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Signature);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(8), SequenceNumber);
        WriteGuid(bytes.Slice(16), FileWriteGuid);
        WriteGuid(bytes.Slice(32), DataWriteGuid);
        WriteGuid(bytes.Slice(48), LogGuid);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(64), SupportedLogVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(66), SupportedVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(68), (uint)LogLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(72), (ulong)LogOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.Slice(ChecksumOffset), Crc32C.ComputeWithFieldZero(bytes.Slice(0, Size), ChecksumOffset));
    }

    private static void WriteGuid(Span<byte> bytes, Guid value) => value.ToByteArray().CopyTo(bytes);

    private static VhdxHeader Checked(ReadOnlySpan<byte> bytes, long offset, long fileLength)
    {
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(66));
        if (version != SupportedVersion)
        {
            throw new DiskFormatException(
                DiskFormatDefect.UnsupportedVersion, Structure, offset, $"its version is {version}, and only {SupportedVersion} is known.");
        }

        var header = new VhdxHeader(bytes);
        ushort logVersion = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(64));
        if (header.NeedsReplay && logVersion != SupportedLogVersion)
        {
            throw new DiskFormatException(
                DiskFormatDefect.UnsupportedVersion,
                Structure,
                offset,
                $"its log is of version {logVersion} and holds pending writes; only version {SupportedLogVersion} is known.");
        }

        string log = $"its log (0x{header.LogLength:X} bytes at 0x{header.LogOffset:X})";
        if (header.LogOffset % VhdxLimits.OneMebibyte != 0 || header.LogLength % VhdxLimits.OneMebibyte != 0
            || header.LogOffset < VhdxLimits.OneMebibyte || header.LogLength == 0)
        {
            throw new DiskFormatException(
                DiskFormatDefect.OutOfBounds, Structure, offset, $"{log} is not aligned to 1 MiB, empty, or among the headers.");
        }

        if (header.LogLength > VhdxLimits.MaxLogLength)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, Structure, offset, $"{log} is longer than 0x{VhdxLimits.MaxLogLength:X} bytes.");
        }

        return header.LogOffset <= fileLength - header.LogLength
            ? header
            : throw new DiskFormatException(
                DiskFormatDefect.Truncated, Structure, offset, $"{log} ends behind the file's end at 0x{fileLength:X}.");
    }

    private static DiskFormatDefect? FindDefect(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Signature)
        {
            return DiskFormatDefect.WrongSignature;
        }

        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(ChecksumOffset));
        return stored == Crc32C.ComputeWithFieldZero(bytes.Slice(0, Size), ChecksumOffset) ? null : DiskFormatDefect.WrongChecksum;
    }
}
