using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Unpacks the compression of NTFS: chunks of 4 KiB, each with back references of a width that grows with the position.</summary>
/// <remarks>[MS-XCA] 2.5.</remarks>
internal static class Lznt1
{
    private const string Structure = "LZNT1 chunk";
    private const int ChunkSize = 4096;

    /// <summary>Unpacks one compression unit.</summary>
    /// <param name="source">The clusters that the unit has.</param>
    /// <param name="target">The unit; what the source does not reach becomes zero.</param>
    /// <param name="place">The unit's place, for failures.</param>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target, long place)
    {
        int from = 0;
        int to = 0;
        while (from + 2 <= source.Length && to < target.Length)
        {
            int header = BinaryPrimitives.ReadUInt16LittleEndian(source.Slice(from));
            if (header == 0)
            {
                break;
            }

            from += 2;
            int size = (header & 0xFFF) + 1;
            if (size > source.Length - from)
            {
                throw NtfsError.OutOfBounds(Structure, place, $"{size} bytes at {from} leave the unit's {source.Length}.");
            }

            Span<byte> chunk = target.Slice(to, Math.Min(ChunkSize, target.Length - to));
            ReadOnlySpan<byte> packed = source.Slice(from, size);
            int written = (header & 0x8000) != 0 ? DecompressChunk(packed, chunk, place) : CopyChunk(packed, chunk, place);
            chunk.Slice(written).Clear();
            from += size;
            to += chunk.Length;
        }

        target.Slice(to).Clear();
    }

    private static int CopyChunk(ReadOnlySpan<byte> source, Span<byte> target, long place)
    {
        if (source.Length > target.Length)
        {
            throw NtfsError.OutOfBounds(Structure, place, $"a stored chunk of {source.Length} bytes leaves the unit.");
        }

        source.CopyTo(target);
        return source.Length;
    }

    private static int DecompressChunk(ReadOnlySpan<byte> source, Span<byte> target, long place)
    {
        int from = 0;
        int to = 0;
        while (from < source.Length)
        {
            int flags = source[from++];
            for (int bit = 0; bit < 8 && from < source.Length; bit++)
            {
                if ((flags & (1 << bit)) == 0)
                {
                    if (to >= target.Length)
                    {
                        throw NtfsError.OutOfBounds(Structure, place, "a literal leaves the chunk.");
                    }

                    target[to++] = source[from++];
                    continue;
                }

                if (from + 2 > source.Length || to == 0)
                {
                    throw NtfsError.OutOfBounds(Structure, place, "a back reference is cut off, or refers to nothing.");
                }

                int token = BinaryPrimitives.ReadUInt16LittleEndian(source.Slice(from));
                from += 2;
                int lengthBits = 12;
                for (int reach = to - 1; reach >= 0x10; reach >>= 1)
                {
                    lengthBits--;
                }

                int length = (token & ((1 << lengthBits) - 1)) + 3;
                int distance = (token >> lengthBits) + 1;
                if (distance > to || length > target.Length - to)
                {
                    throw NtfsError.OutOfBounds(Structure, place, $"a back reference of {length} bytes, {distance} back at {to}, leaves the chunk.");
                }

                for (int i = 0; i < length; i++, to++)
                {
                    target[to] = target[to - distance]; // the ranges may overlap: a run repeats what it just wrote
                }
            }
        }

        return to;
    }
}
