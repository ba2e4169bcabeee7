namespace VmUpdate.Core.Identity;

/// <summary>One step of a restore, with the hashes that prove it.</summary>
public sealed record ManifestItem
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
