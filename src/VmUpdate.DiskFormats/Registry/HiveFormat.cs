namespace VmUpdate.DiskFormats.Registry;

/// <summary>Numbers of the regf format, and this library's own limits for bytes that may be hostile.</summary>
internal static class HiveFormat
{
    /// <summary>Where the hive bins start, in bytes from the start of the file; every offset inside a hive counts from there.</summary>
    public const int BinsStart = 4096;

    /// <summary>The unit in which a hive grows, is logged and is written here, in bytes.</summary>
    public const int PageSize = 4096;

    /// <summary>The unit of a log, and the part of the base block that is ever rewritten, in bytes.</summary>
    public const int SectorSize = 512;

    /// <summary>The offset that stands for "there is none".</summary>
    public const uint Nil = 0xFFFFFFFF;

    /// <summary>The greatest hive: offsets are signed 32-bit in the writers that matter, and Windows stops at 2 GiB too.</summary>
    public const int MaxBinsSize = 0x7FFFF000;

    /// <summary>How deep keys may lie under each other. Windows itself stops at 512.</summary>
    public const int MaxDepth = 512;

    /// <summary>The longest name of a key, in UTF-16 units, as Windows documents it.</summary>
    public const int MaxKeyNameLength = 255;

    /// <summary>The longest name of a value, in UTF-16 units, as Windows documents it.</summary>
    public const int MaxValueNameLength = 16383;

    /// <summary>The longest data kept in one cell where the version knows big data, and the size of a segment of the rest, in bytes.</summary>
    public const int BigDataSegment = 16344;

    /// <summary>The first minor version that knows big data (db).</summary>
    public const uint BigDataVersion = 4;

    /// <summary>The first minor version whose subkey lists are hash leaves (lh).</summary>
    public const uint HashLeafVersion = 5;

    /// <summary>The most entries of one leaf; above, the list is split under an index root (ri).</summary>
    public const int MaxLeafEntries = 1012;

    /// <summary>The least that a key takes in a hive, in bytes: what a walk may cost is measured with it.</summary>
    public const int MinKeyCell = 80;

    /// <summary>The least that a value takes in a hive, in bytes.</summary>
    public const int MinValueCell = 24;

    /// <summary>Signatures of cells, as two little-endian bytes.</summary>
    public const ushort Nk = 0x6B6E, Vk = 0x6B76, Sk = 0x6B73, Lf = 0x666C, Lh = 0x686C, Li = 0x696C, Ri = 0x6972, Db = 0x6264;

    /// <summary>Names of structures in messages.</summary>
    public const string KeyNodeName = "key node (nk)", ValueName = "key value (vk)", SecurityName = "key security (sk)",
        LeafName = "subkey leaf (lf, lh, li)", RootName = "subkey index root (ri)", ValueListName = "value list",
        ValueDataName = "value data", BigDataName = "big data (db)", ClassName = "class name", BinName = "hive bin", CellName = "cell";

    /// <summary>A failure of a structure inside the hive bins.</summary>
    /// <param name="defect">The cause.</param>
    /// <param name="structure">The structure.</param>
    /// <param name="offset">Its offset in the hive bins, in bytes.</param>
    /// <param name="message">Expected and found.</param>
    /// <returns>The failure, with the offset from the start of the file.</returns>
    public static DiskFormatException Bad(DiskFormatDefect defect, string structure, long offset, string message) =>
        new(defect, structure, BinsStart + offset, message);
}
