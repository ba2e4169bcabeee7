using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Images;

/// <summary>What work on disk files needs, with or without a host of virtual machines.</summary>
public interface IDiskServices
{
    /// <summary>Where the disks are.</summary>
    IHostFileSystem Files { get; }

    /// <summary>What counts as identity.</summary>
    IdentityCatalogue Catalogue { get; }

    /// <summary>Time.</summary>
    IClock Clock { get; }

    /// <summary>Ids.</summary>
    IIdSource Ids { get; }

    /// <summary>Folders outside a disk's own volume or share from which its parents may come.</summary>
    IReadOnlyList<string> AllowedParentFolders { get; }
}
