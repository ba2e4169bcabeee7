using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>Reads short streams whole.</summary>
internal static class StreamBytes
{
    // Short enough for the cache of a shared parent: what two hundred children of a master show of it is read from the host once.
    private const int PieceSize = 16 << 10;

    /// <summary>The first bytes of a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="most">How many at most.</param>
    public static byte[] ReadStart(IBlockFile stream, int most)
    {
        byte[] bytes = new byte[Math.Min(stream.Length, most)];
        for (int at = 0; at < bytes.Length; at += PieceSize)
        {
            stream.ReadAt(at, bytes.AsSpan(at, Math.Min(PieceSize, bytes.Length - at)));
        }

        return bytes;
    }
}
