namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The table of capitals that a new volume gets.</summary>
internal static partial class UpCaseTable
{
    /// <summary>The characters it has.</summary>
    public const int Length = 65536;

    /// <summary>Its size, in bytes.</summary>
    public const int Size = Length * 2;
}
