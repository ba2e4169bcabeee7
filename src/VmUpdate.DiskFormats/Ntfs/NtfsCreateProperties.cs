namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>What a new file or folder is to be.</summary>
public sealed class NtfsCreateProperties
{
    /// <summary>Whether it is a folder.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>Its self-relative security descriptor; inherited from the folder above when null.</summary>
    public byte[]? SecurityDescriptor { get; init; }

    /// <summary>Its times; now when null.</summary>
    public NtfsTimes? Times { get; init; }

    /// <summary>Its attribute bits; those of a plain file when null.</summary>
    public FileAttributes? Attributes { get; init; }
}
