using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>What work on this computer's disk files needs when no host of virtual machines is asked.</summary>
internal sealed class LocalDisks : IDiskServices
{
    /// <inheritdoc/>
    public IHostFileSystem Files => HostSession.Files;

    /// <inheritdoc/>
    public IdentityCatalogue Catalogue { get; init; } = IdentityCatalogue.LoadBuiltIn();

    /// <inheritdoc/>
    public IClock Clock => SystemClock.Instance;

    /// <inheritdoc/>
    public IIdSource Ids => SystemIdSource.Instance;

    /// <inheritdoc/>
    public IReadOnlyList<string> AllowedParentFolders { get; init; } = [];
}
