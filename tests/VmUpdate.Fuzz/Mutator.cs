using System.Buffers.Binary;

namespace VmUpdate.Fuzz;

/// <summary>Changes a few places of a file, where it is not empty, in ways that parsers trip over.</summary>
public static class Mutator
{
    private const int Sector = 512;
    private const int MostChanges = 6;

    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 4, 7, 8, 16, 31, 32, 0x7F, 0x80, 0xFF, 0x100, 0x1FF, 0x200, 0x7FF, 0xFFF, 0x1000, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
        0x80000000, 0xFFFFFFF8, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF,
    ];

    /// <summary>The places of a file worth changing: its sectors that are not all zero.</summary>
    public static int[] FindPlaces(byte[] seed) =>
        [.. Enumerable.Range(0, seed.Length / Sector).Where(i => seed.AsSpan(i * Sector, Sector).IndexOfAnyExcept((byte)0) >= 0).Select(i => i * Sector)];

    public static void Mutate(FuzzFile file, int[] places, Random random)
    {
        int changes = 1 + random.Next(MostChanges);
        for (int i = 0; i < changes; i++)
        {
            MutateOnce(file, places[random.Next(places.Length)] + random.Next(Sector), random, places);
        }

        if (random.Next(64) == 0)
        {
            file.SetLength(random.NextInt64(file.Length + 1));
        }
    }

    private static void MutateOnce(FuzzFile file, int offset, Random random, int[] places)
    {
        int width = 1 << random.Next(4);
        offset -= random.Next(4) > 0 ? offset % width : 0;
        if (offset + 64 > file.Length)
        {
            return;
        }

        byte[] bytes = file.Read(offset, 8);
        switch (random.Next(8))
        {
            case 0:
                bytes[0] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                random.NextBytes(bytes.AsSpan(0, width));
                break;
            case 2 or 3:
                Span<byte> value = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(value, Interesting[random.Next(Interesting.Length)]);
                value[..width].CopyTo(bytes);
                break;
            case 4:
                // A little more or less: counts and sizes off by one.
                ulong near = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, unchecked(near + (ulong)random.Next(-8, 9)));
                break;
            case 5:
                // Another place's bytes: offsets that lead to a structure of another kind.
                int from = places[random.Next(places.Length)] + (random.Next(Sector / 4) * 4);
                int count = 1 + random.Next(64);
                if (from + count <= file.Length)
                {
                    file.WriteAt(offset, file.Read(from, count));
                }

                return;
            case 6:
                file.WriteAt(offset, new byte[1 + random.Next(64)]);
                return;
            default:
                // Another place within reach, as an aligned offset.
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)random.Next((int)Math.Min(file.Length, int.MaxValue) / 8) * 8);
                break;
        }

        file.WriteAt(offset, bytes);
    }
}
