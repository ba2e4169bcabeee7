namespace VmUpdate.Core.Identity;

/// <summary>
/// Keeps bundles in memory, for one process. After a crash the identity is taken again from the old disk, which is untouched. May be
/// used by several threads.
/// </summary>
public sealed class MemoryIdentityStore : IIdentityStore
{
    /// <summary>The most a bundle may hold, in bytes: user data of more belongs in a folder.</summary>
    public const long MaxBundleSize = 256L << 20;

    private readonly Dictionary<string, (IdentityManifest Manifest, byte[] Payload)> _bundles = new(StringComparer.OrdinalIgnoreCase);
    private readonly object _gate = new();

    /// <inheritdoc/>
    public long FreeBytes => MaxBundleSize;

    /// <inheritdoc/>
    public string Save(IdentityBundle bundle)
    {
        if (bundle.Payload.Length > MaxBundleSize)
        {
            throw new IdentityException(
                IdentityFailure.BundleTooLarge,
                bundle.Manifest.VmName,
                $"its identity and user data are {bundle.Payload.Length} bytes, and in memory {MaxBundleSize} are allowed; name a folder as the identity store.");
        }

        var payload = new byte[bundle.Payload.Length];
        bundle.Payload.Read(0, payload);
        lock (_gate)
        {
            _bundles[bundle.Id] = (bundle.Manifest, payload);
        }

        return bundle.Id;
    }

    /// <inheritdoc/>
    public IdentityBundle Load(string bundleId, Guid? vmId = null)
    {
        lock (_gate)
        {
            if (!_bundles.TryGetValue(bundleId, out (IdentityManifest Manifest, byte[] Payload) found))
            {
                throw new IdentityException(
                    IdentityFailure.BundleNotFound, bundleId, "no bundle of this id is in memory; it is taken again from the old disk.");
            }

            BundleOwner.Require(found.Manifest.VmId, vmId, bundleId);
            var payload = new LivePayload();
            payload.Add(found.Payload);
            return new IdentityBundle(found.Manifest, payload);
        }
    }

    /// <inheritdoc/>
    public bool Exists(string bundleId)
    {
        lock (_gate)
        {
            return _bundles.ContainsKey(bundleId);
        }
    }

    /// <inheritdoc/>
    public void Retain(string bundleId, IReadOnlyCollection<string> withoutSets) => Delete(bundleId);

    /// <inheritdoc/>
    public void Delete(string bundleId)
    {
        lock (_gate)
        {
            if (_bundles.TryGetValue(bundleId, out (IdentityManifest Manifest, byte[] Payload) found))
            {
                Array.Clear(found.Payload, 0, found.Payload.Length);
                _bundles.Remove(bundleId);
            }
        }
    }
}
