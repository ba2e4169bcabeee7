using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// The update sequence of a multi-sector structure (file record, index record, restart page): the last two bytes of every
/// 512-byte stride hold a number that changes with every write, what belongs there is kept in an array. A torn write shows.
/// </summary>
internal static class UpdateSequence
{
    /// <summary>The stride is 512 bytes whatever the sector size is.</summary>
    public const int Stride = 512;

    /// <summary>The bytes of the array for a structure of this size.</summary>
    public static int SizeFor(int structureSize) => ((structureSize / Stride) + 1) * 2;

    /// <summary>Checks the strides and puts back what belongs at their ends.</summary>
    /// <param name="bytes">The whole structure.</param>
    /// <param name="structure">Its name, for the failure.</param>
    /// <param name="offset">Its place, for the failure.</param>
    public static void Restore(Span<byte> bytes, string structure, long offset)
    {
        int array = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(4));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(6));
        if (count != (bytes.Length / Stride) + 1 || (array & 1) != 0 || array < 8 || array + (count * 2) > Stride - 2)
        {
            throw NtfsError.Inconsistent(structure, offset, $"an update sequence array of {count} words at {array} does not fit {bytes.Length} bytes.");
        }

        ushort number = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(array));
        for (int i = 1; i < count; i++)
        {
            Span<byte> end = bytes.Slice((i * Stride) - 2, 2);
            ushort found = BinaryPrimitives.ReadUInt16LittleEndian(end);
            if (found != number)
            {
                throw new DiskFormatException(
                    DiskFormatDefect.WrongChecksum, structure, offset, $"a torn write: stride {i} ends in 0x{found:X4}, expected 0x{number:X4}.");
            }

            bytes.Slice(array + (i * 2), 2).CopyTo(end);
        }
    }

    /// <summary>Prepares a structure for the disk, with the number that follows the one it holds.</summary>
    public static void Protect(Span<byte> bytes)
    {
        int array = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(4));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(6));
        int number = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(array)) + 1;
        if (number >= 0xFFFF)
        {
            number = 1; // 0 and 0xFFFF look like unwritten or erased media
        }

        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(array), (ushort)number);
        for (int i = 1; i < count; i++)
        {
            Span<byte> end = bytes.Slice((i * Stride) - 2, 2);
            end.CopyTo(bytes.Slice(array + (i * 2), 2));
            BinaryPrimitives.WriteUInt16LittleEndian(end, (ushort)number);
        }
    }
}
