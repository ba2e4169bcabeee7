namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A host file that can tell whether two names lead to one file. A decorator passes it on.</summary>
internal interface IIdentifiedFile
{
    /// <summary>Equal only for one and the same file; <see langword="null"/> when the host does not say.</summary>
    string? Identity { get; }
}
