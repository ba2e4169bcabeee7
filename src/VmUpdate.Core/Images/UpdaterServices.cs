using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Images;

/// <summary>What the swap reaches the world through.</summary>
public sealed record UpdaterServices : IDiskServices
{
    /// <summary>The host.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>Who is logged on; <see langword="null"/> when the host has no way to tell: then it is unknown.</summary>
    public IUserSessions? Sessions { get; init; }

    /// <summary>Words with the guest; <see langword="null"/> when there is no way.</summary>
    public IGuestChannel? Guests { get; init; }

    /// <summary>The journal and what was declared.</summary>
    public required VmUpdateStore Store { get; init; }

    /// <summary>Where the disks are.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Where copied-out identities are kept.</summary>
    public required IIdentityStore Identities { get; init; }

    /// <summary>What counts as identity.</summary>
    public required IdentityCatalogue Catalogue { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>Ids.</summary>
    public IIdSource Ids { get; init; } = SystemIdSource.Instance;

    /// <summary>Folders outside a disk's own volume or share from which its parents may come.</summary>
    public IReadOnlyList<string> AllowedParentFolders { get; init; } = [];
}
