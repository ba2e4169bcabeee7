namespace VmUpdate.DiskFormats.Registry;

/// <summary>The cells of a hive: what every structure is kept in. Each offset is checked here before a byte behind it is believed.</summary>
/// <remarks>
/// A cell starts with its size in bytes, a signed 32-bit number that counts itself: negative in use, positive free. Cells lie at
/// and measure multiples of 8 bytes.
/// </remarks>
internal sealed class HiveCells(HivePages pages, uint minorVersion)
{
    private const int FirstCell = HiveBin.HeaderSize;

    /// <summary>The pages under the cells.</summary>
    public HivePages Pages { get; } = pages;

    /// <summary>The hive's minor version: 3 to 6.</summary>
    public uint MinorVersion { get; } = minorVersion;

    /// <summary>Finds what a cell in use holds.</summary>
    /// <param name="offset">The cell's offset as another structure names it.</param>
    /// <param name="structure">What it is expected to hold, for messages.</param>
    /// <param name="needed">How many bytes the structure has at the least.</param>
    /// <param name="length">How many bytes the cell holds.</param>
    /// <returns>Where they start.</returns>
    /// <exception cref="DiskFormatException">It leads out of the hive, is free, or its size cannot be.</exception>
    public int Open(uint offset, string structure, int needed, out int length)
    {
        if (offset < FirstCell || (offset & 7) != 0 || offset > Pages.Length - 8)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds, structure, offset, $"no cell can be there in {Pages.Length} bytes of hive bins.");
        }

        int start = (int)offset;
        int header = Pages.ReadInt32(start);
        if (header >= 0)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent, structure, offset, $"it is in use, and its cell says {header}, which is no size of a cell in use.");
        }

        // int.MinValue has no positive counterpart.
        int size = header == int.MinValue ? int.MaxValue : -header;
        if ((size & 7) != 0 || size > Pages.Length - start)
        {
            throw HiveFormat.Bad(DiskFormatDefect.OutOfBounds, structure, offset, $"its cell says {header}, and no cell can have that size.");
        }

        length = size - 4;
        if (length < needed)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.OutOfBounds, structure, offset, $"{needed} bytes are needed, and its cell holds {length}.");
        }

        return start + 4;
    }

    /// <summary>Reads the start of what a cell holds and checks its signature.</summary>
    /// <param name="offset">The cell's offset as another structure names it.</param>
    /// <param name="signature">The two bytes it must start with.</param>
    /// <param name="structure">What it is expected to hold, for messages.</param>
    /// <param name="needed">How many bytes to read.</param>
    /// <param name="length">How many bytes the cell holds.</param>
    /// <returns>The bytes.</returns>
    public ReadOnlySpan<byte> Read(uint offset, ushort signature, string structure, int needed, out int length)
    {
        ReadOnlySpan<byte> bytes = Pages.Read(Open(offset, structure, needed, out length), needed);
        int found = bytes[0] | (bytes[1] << 8);
        return found == signature
            ? bytes
            : throw HiveFormat.Bad(
                DiskFormatDefect.WrongSignature, structure, offset, $"it starts with 0x{found:X4}, where 0x{signature:X4} was expected.");
    }
}
