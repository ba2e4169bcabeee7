namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The numbers of the records that every volume has in the same place.</summary>
internal static class WellKnownRecord
{
    public const long Mft = 0;
    public const long MftMirror = 1;
    public const long LogFile = 2;
    public const long Volume = 3;
    public const long AttributeDefinitions = 4;
    public const long Root = 5;
    public const long Bitmap = 6;
    public const long Boot = 7;
    public const long BadClusters = 8;
    public const long Secure = 9;
    public const long UpCase = 10;
    public const long Extend = 11;

    /// <summary>The first of four that are kept for the file table's own extension.</summary>
    public const long FirstReserved = 12;

    /// <summary>Behind the last of the volume's own files: not listed in the root.</summary>
    public const long FirstUser = 16;

    /// <summary>The first record that is given out.</summary>
    public const long FirstFree = 24;
}
