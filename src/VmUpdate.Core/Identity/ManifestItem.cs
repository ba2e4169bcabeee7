namespace VmUpdate.Core.Identity;

/// <summary>What a manifest's item is about.</summary>
public enum ManifestItemKind
{
    /// <summary>A value of a registry key.</summary>
    Value,

    /// <summary>A registry key with all it holds.</summary>
    KeyTree,

    /// <summary>A registry key alone: its class name and security, for a value to be put into.</summary>
    KeyShell,

    /// <summary>The class name of a registry key.</summary>
    ClassName,

    /// <summary>A file with its streams.</summary>
    File,

    /// <summary>A folder alone.</summary>
    Folder,
}

/// <summary>What is done with a manifest's item.</summary>
public enum ManifestAction
{
    /// <summary>The new disk gets it.</summary>
    Write,

    /// <summary>The new disk must not have it.</summary>
    Remove,

    /// <summary>The new disk's own takes another name.</summary>
    Rename,
}

/// <summary>One step of a restore, with the hashes that prove it.</summary>
public sealed class ManifestItem
{
    /// <summary>The set.</summary>
    public string Set { get; init; } = string.Empty;

    /// <summary>What it is about.</summary>
    public ManifestItemKind Kind { get; init; }

    /// <summary>What is done.</summary>
    public ManifestAction Action { get; init; }

    /// <summary>The hive, for the registry.</summary>
    public HiveName Hive { get; init; }

    /// <summary>The key's path, <c>CurrentControlSet</c> unresolved; or the file's path.</summary>
    public string Path { get; init; } = string.Empty;

    /// <summary>The value's name; the new path of a rename.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The hash of what the old disk holds; <see langword="null"/> when it holds nothing.</summary>
    public string? OldHash { get; init; }

    /// <summary>The hash of what the master holds; <see langword="null"/> when it holds nothing.</summary>
    public string? MasterHash { get; init; }

    /// <summary>The hash of what the new disk must hold; <see langword="null"/> when it must hold nothing.</summary>
    public string? ResultHash { get; init; }

    /// <summary>Whether the hashes are keyed because the thing is secret.</summary>
    public bool IsSecret { get; init; }

    /// <summary>A value's type, as stored.</summary>
    public uint ValueType { get; init; }

    /// <summary>Where its bytes start in the payload.</summary>
    public long Offset { get; init; }

    /// <summary>How many bytes of the payload are its own.</summary>
    public long Length { get; init; }

    /// <summary>The properties of a file or folder that is written.</summary>
    public ManifestFile? File { get; init; }
}

/// <summary>The properties of a carried file or folder.</summary>
public sealed class ManifestFile
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

/// <summary>A stream of a carried file.</summary>
/// <param name="Name">Its name; empty for the unnamed one.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="Hash">The hash of its bytes.</param>
public sealed record ManifestStream(string Name, long Length, string Hash);
