using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Checksums;

/// <summary>CRC-32C (Castagnoli), the checksum of VHDX structures: polynomial 0x1EDC6F41, reflected, inverted at both ends.</summary>
internal static class Crc32C
{
    private const uint ReflectedPolynomial = 0x82F63B78;
    private const int Slices = 8;
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of <paramref name="bytes"/> with the four bytes of its own field taken as zero.</summary>
    /// <param name="bytes">A structure that holds its own checksum.</param>
    /// <param name="fieldOffset">Where the field is, in bytes.</param>
    internal static uint ComputeWithFieldZero(ReadOnlySpan<byte> bytes, int fieldOffset)
    {
        ReadOnlySpan<byte> zeroedField = stackalloc byte[sizeof(uint)];
        uint checksum = Append(0, bytes.Slice(0, fieldOffset));
        checksum = Append(checksum, zeroedField);
        return Append(checksum, bytes.Slice(fieldOffset + sizeof(uint)));
    }

    /// <summary>Continues a checksum; start with 0.</summary>
    internal static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
#if NET8_0_OR_GREATER
        if (System.Runtime.Intrinsics.X86.Sse42.X64.IsSupported || System.Runtime.Intrinsics.Arm.Crc32.Arm64.IsSupported)
        {
            return AppendByHardware(checksum, bytes);
        }
#endif
        return AppendByTable(checksum, bytes);
    }

#if NET8_0_OR_GREATER
    /// <summary>The processor's own instruction, eight bytes at a time.</summary>
    internal static uint AppendByHardware(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint state = ~checksum;
        while (bytes.Length >= sizeof(ulong))
        {
            state = System.Numerics.BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes.Slice(sizeof(ulong));
        }

        foreach (byte value in bytes)
        {
            state = System.Numerics.BitOperations.Crc32C(state, value);
        }

        return ~state;
    }
#endif

    /// <summary>Eight table look-ups for eight bytes, for processors without the instruction.</summary>
    internal static uint AppendByTable(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint[] table = Table;
        uint state = ~checksum;
        while (bytes.Length >= sizeof(ulong))
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4));
            state = table[(7 * 256) + (int)(low & 0xFF)]
                ^ table[(6 * 256) + (int)((low >> 8) & 0xFF)]
                ^ table[(5 * 256) + (int)((low >> 16) & 0xFF)]
                ^ table[(4 * 256) + (int)(low >> 24)]
                ^ table[(3 * 256) + (int)(high & 0xFF)]
                ^ table[(2 * 256) + (int)((high >> 8) & 0xFF)]
                ^ table[256 + (int)((high >> 16) & 0xFF)]
                ^ table[(int)(high >> 24)];
            bytes = bytes.Slice(sizeof(ulong));
        }

        foreach (byte value in bytes)
        {
            state = (state >> 8) ^ table[(int)((state ^ value) & 0xFF)];
        }

        return ~state;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[Slices * 256];
        for (int index = 0; index < table.Length; index++)
        {
            // Slice n is slice n-1 moved on by one more zero byte.
            uint value = index < 256 ? (uint)index : table[index - 256];
            int shifts = index < 256 ? 8 : 0;
            for (int bit = 0; bit < shifts; bit++)
            {
                value = (value >> 1) ^ ((value & 1) != 0 ? ReflectedPolynomial : 0);
            }

            table[index] = index < 256 ? value : (value >> 8) ^ table[(int)(value & 0xFF)];
        }

        return table;
    }
}
