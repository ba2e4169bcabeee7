using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>The Marvin32 hash in its 64-bit form, with the seed of the registry's transaction logs.</summary>
internal static class Marvin32
{
    private const ulong Seed = 0x82EF4D887A4E55C5;

    /// <summary>Hashes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The hash.</returns>
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            uint low = (uint)Seed;
            uint high = (uint)(Seed >> 32);
            while (bytes.Length >= 4)
            {
                low += BinaryPrimitives.ReadUInt32LittleEndian(bytes);
                Mix(ref low, ref high);
                bytes = bytes.Slice(4);
            }

            // The rest, with a 0x80 behind it.
            uint last = 0x80;
            for (int i = bytes.Length - 1; i >= 0; i--)
            {
                last = (last << 8) | bytes[i];
            }

            low += last;
            Mix(ref low, ref high);
            Mix(ref low, ref high);
            return ((ulong)high << 32) | low;
        }
    }

    private static void Mix(ref uint low, ref uint high)
    {
        unchecked
        {
            high ^= low;
            low = Rotate(low, 20) + high;
            high = Rotate(high, 9) ^ low;
            low = Rotate(low, 27) + high;
            high = Rotate(high, 19);
        }
    }

    private static uint Rotate(uint value, int bits) => (value << bits) | (value >> (32 - bits));
}
