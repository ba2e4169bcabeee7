namespace VmUpdate.DiskFormats.Checksums;

/// <summary>CRC-32 (ISO-HDLC), the checksum of GPT structures: polynomial 0x04C11DB7, reflected, inverted at both ends.</summary>
internal static class Crc32
{
    private const uint ReflectedPolynomial = 0xEDB88320;
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of some bytes.</summary>
    internal static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte value in bytes)
        {
            state = (state >> 8) ^ Table[(int)((state ^ value) & 0xFF)];
        }

        return ~state;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (int index = 0; index < table.Length; index++)
        {
            uint value = (uint)index;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) != 0 ? ReflectedPolynomial : 0);
            }

            table[index] = value;
        }

        return table;
    }
}
