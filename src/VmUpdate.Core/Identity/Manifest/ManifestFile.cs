namespace VmUpdate.Core.Identity;

/// <summary>The properties of a carried file or folder.</summary>
public sealed record ManifestFile
{
    /// <summary>The attribute bits that a writer may set.</summary>
    public FileAttributes Attributes { get; init; }

    /// <summary>When it was made, in UTC.</summary>
    public DateTime Created { get; init; }

    /// <summary>When its data last changed, in UTC.</summary>
    public DateTime Modified { get; init; }

    /// <summary>When its record last changed, in UTC.</summary>
    public DateTime Changed { get; init; }

    /// <summary>When it was last read, in UTC.</summary>
    public DateTime Accessed { get; init; }

    /// <summary>The self-relative security descriptor.</summary>
    public byte[] SecurityDescriptor { get; init; } = [];

    /// <summary>The streams, the unnamed one first; their bytes follow one another in the payload in this order.</summary>
    public IReadOnlyList<ManifestStream> Streams { get; init; } = [];
}
