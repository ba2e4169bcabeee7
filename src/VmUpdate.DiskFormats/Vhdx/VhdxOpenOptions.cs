using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>How a VHDX disk is opened.</summary>
public sealed class VhdxOpenOptions
{
    /// <summary>Where host files come from.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Whether the leaf is opened for writing. Parents never are.</summary>
    public bool Writable { get; init; }

    /// <summary>Ids for a writable open: each call gives a new one.</summary>
    public Func<Guid>? NewGuid { get; init; }

    /// <summary>Parents by name, the leaf's own first; looked at before what the files themselves name.</summary>
    public IReadOnlyList<string> ParentPaths { get; init; } = [];

    /// <summary>Folders outside the child's own volume or share from which a parent may come (UNC and device paths).</summary>
    public IReadOnlyList<string> AllowedParentFolders { get; init; } = [];

    /// <summary>Parents opened once and shared by all children of one operation.</summary>
    public ParentCache? Parents { get; init; }

    /// <summary>
    /// Whether the disk itself is one of <see cref="Parents"/>: opened once with them, its small reads kept in memory for the children
    /// that are opened later. Only for reading.
    /// </summary>
    public bool IsSharedParent { get; init; }
}
