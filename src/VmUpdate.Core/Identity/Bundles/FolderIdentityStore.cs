using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>Keeps bundles as sealed files in a folder that only its owner may enter.</summary>
public sealed class FolderIdentityStore : IIdentityStore
{
    private readonly IHostFolder _folder;

    /// <summary>Makes the store on a folder.</summary>
    /// <param name="folder">The folder; it must be owner-only.</param>
    /// <param name="newGuid">Ids of keys: each call gives a new one.</param>
    public FolderIdentityStore(IHostFolder folder, Func<Guid> newGuid)
    {
        _folder = folder;
        NewGuid = newGuid;
    }

    private Func<Guid> NewGuid { get; }

    /// <inheritdoc/>
    public string Save(IdentityBundle bundle) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IdentityBundle Load(string bundleId, Guid? vmId = null) => throw new NotSupportedException();

    /// <inheritdoc/>
    public bool Exists(string bundleId) => _folder.Exists(bundleId);

    /// <inheritdoc/>
    public void Delete(string bundleId) => _folder.Delete(bundleId);
}
