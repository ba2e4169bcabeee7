using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>How a VHDX file is made.</summary>
public sealed class VhdxCreateOptions
{
    /// <summary>Where host files come from.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Ids of the file: each call gives a new one.</summary>
    public required Func<Guid> NewGuid { get; init; }

    /// <summary>The payload block size, in bytes: a power of two from 1 MiB to 256 MiB. Children always have 2 MiB.</summary>
    public int BlockSize { get; init; } = 2 * 1024 * 1024;

    /// <summary>512 or 4096 bytes. A child takes its parent's.</summary>
    public int LogicalSectorSize { get; init; } = 512;

    /// <summary>The parent's path as Windows will see it; a child made on Linux names it only when this is given.</summary>
    public string? ParentWindowsPath { get; init; }

    /// <summary>Folders outside the child's own volume or share from which a parent may come.</summary>
    public IReadOnlyList<string> AllowedParentFolders { get; init; } = [];

    /// <summary>Parents opened once and shared by all children of one operation.</summary>
    public ParentCache? Parents { get; init; }
}
