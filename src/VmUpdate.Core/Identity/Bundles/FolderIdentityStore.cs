using System.Runtime.InteropServices;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>Keeps bundles as sealed files in a folder that only its owner may enter. May be used by several threads and processes.</summary>
public sealed class FolderIdentityStore : IIdentityStore
{
    private const string Extension = ".vmidentity";
    private readonly IHostFolder _folder;
    private readonly StoreKeyRing _keys;

    /// <summary>Makes the store on a folder, with the key protected as this host can: DPAPI on Windows, an owner-only file elsewhere.</summary>
    /// <param name="folder">The folder; it must be owner-only.</param>
    /// <param name="newGuid">Ids of keys: each call gives a new one.</param>
    public FolderIdentityStore(IHostFolder folder, Func<Guid> newGuid)
        : this(folder, newGuid, RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? new DpapiKeyProtector() : new OwnerOnlyKeyProtector())
    {
    }

    /// <summary>Makes the store on a folder.</summary>
    /// <param name="folder">The folder; it must be owner-only.</param>
    /// <param name="newGuid">Ids of keys: each call gives a new one.</param>
    /// <param name="protector">How the key lies on the host.</param>
    public FolderIdentityStore(IHostFolder folder, Func<Guid> newGuid, IKeyProtector protector)
    {
        _folder = folder;
        _keys = new StoreKeyRing(folder, protector, newGuid);
    }

    /// <inheritdoc/>
    public long FreeBytes => _folder.FreeBytes;

    /// <inheritdoc/>
    public string Save(IdentityBundle bundle)
    {
        RequireOwnerOnly();
        return Writing(() =>
        {
            using StoreKey key = _keys.GetOrCreate();
            Prepare(bundle, key);
            BundleFile.Publish(_folder, FileOf(bundle.Id));
            return bundle.Id;
        });
    }

    /// <inheritdoc/>
    public IdentityBundle Load(string bundleId, Guid? vmId = null)
    {
        RequireOwnerOnly();
        return LoadWithHeader(bundleId, vmId).Bundle;
    }

    /// <inheritdoc/>
    public bool Exists(string bundleId) => IsId(bundleId) && _folder.Exists(FileOf(bundleId));

    /// <inheritdoc/>
    public void Delete(string bundleId)
    {
        if (!IsId(bundleId))
        {
            return;
        }

        // What a killed run left half written goes with it: a run that goes on with the work uses the same id.
        string name = FileOf(bundleId);
        bool isThere = _folder.Exists(name) || _folder.Exists(BundleFile.Temporary(name));
        _folder.Delete(BundleFile.Temporary(name));
        _folder.Delete(name);
        if (isThere)
        {
            _folder.Flush();
        }
    }

    /// <inheritdoc/>
    public void Retain(string bundleId, IReadOnlyCollection<string> withoutSets)
    {
        RequireOwnerOnly();
        if (withoutSets.Count > 0 && Exists(bundleId))
        {
            Writing(() =>
            {
                using StoreKey key = _keys.GetOrCreate();
                return Rewrite(bundleId, key, (bundle, _) => PortableBundle.Without(bundle, withoutSets));
            });
        }
    }

    /// <summary>
    /// Makes a new key, seals all bundles anew with it, and deletes the former keys. Nobody else may save a bundle meanwhile. A call that
    /// was cut short is made again.
    /// </summary>
    /// <returns>What was done.</returns>
    /// <exception cref="IdentityException">The store cannot be written, is too open, or a key's file is not one.</exception>
    public IdentityKeyRotation RotateKey()
    {
        RequireOwnerOnly();
        return Writing(() =>
        {
            using StoreKey key = _keys.CreateNext();
            var failures = new List<VmUpdateException>();
            int resealed = 0;
            foreach (string id in BundleIds())
            {
                try
                {
                    resealed += Rewrite(id, key, (bundle, sealedWith) => sealedWith == key.Id ? null : bundle) ? 1 : 0;
                }
                catch (VmUpdateException failure)
                {
                    failures.Add(failure);
                }
            }

            return new IdentityKeyRotation(key.Id, resealed, failures.Count == 0 ? _keys.DeleteAllBut(key.Id) : 0, failures);
        });
    }

    private static string FileOf(string id) => id + Extension;

    // Only what we name ourselves reaches the host as a file's name.
    private static bool IsId(string id) => id.Length == 32 && id.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    private List<string> BundleIds() => _folder.Enumerate()
        .Where(name => name.EndsWith(Extension, StringComparison.Ordinal))
        .Select(name => name.Substring(0, name.Length - Extension.Length)).Where(IsId).ToList();

    private void RequireOwnerOnly()
    {
        if (HostAccess.FindOtherUser(_folder.Path) is { } who)
        {
            throw new IdentityException(
                IdentityFailure.StoreTooOpen,
                _folder.Path,
                $"{who} may enter it, and the identities of machines are kept there. Take that right away (chmod 700, or icacls), and call again.");
        }
    }

    private T Writing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (HostFileException failure) when (failure.Failure is HostFileFailure.AccessDenied or HostFileFailure.NotFound)
        {
            throw new IdentityException(
                IdentityFailure.StoreNotWritable, _folder.Path, $"the identity store's folder cannot be written: {failure.Message}", inner: failure);
        }
    }

    private void Prepare(IdentityBundle bundle, StoreKey key)
    {
        byte[] manifest = ManifestCodec.Encode(bundle.Manifest);
        BundleHeader header = BundleFile.HeaderFor(bundle.Manifest, key.Id, manifest.Length + bundle.Payload.Length);
        using var sealer = new SegmentSealer(header, key, $"bundle {bundle.Id} in {_folder.Path}");
        BundleFile.Create(_folder, FileOf(bundle.Id), sealer, manifest, bundle.Payload);
    }

    /// <summary>Replaces a bundle by a changed one of the same id.</summary>
    /// <param name="bundleId">The bundle.</param>
    /// <param name="key">What the new one is sealed with.</param>
    /// <param name="change">Gives the new one from the present one and its key's id; <see langword="null"/>: it stays.</param>
    /// <returns>Whether it was replaced.</returns>
    private bool Rewrite(string bundleId, StoreKey key, Func<IdentityBundle, Guid, IdentityBundle?> change)
    {
        (IdentityBundle present, Guid sealedWith) = LoadWithHeader(bundleId, null);
        using (present)
        {
            if (change(present, sealedWith) is not { } changed)
            {
                return false;
            }

            Prepare(changed, key);
        }

        // Only now: Windows replaces no file that is open.
        BundleFile.Publish(_folder, FileOf(bundleId));
        return true;
    }

    private (IdentityBundle Bundle, Guid KeyId) LoadWithHeader(string bundleId, Guid? vmId)
    {
        string subject = $"bundle {bundleId} in {_folder.Path}";
        if (!Exists(bundleId))
        {
            throw new IdentityException(IdentityFailure.BundleNotFound, subject, "the identity store does not hold it.");
        }

        IBlockFile file = _folder.Open(FileOf(bundleId), HostFileMode.Read);
        SegmentSealer? sealer = null;
        try
        {
            byte[] start = BundleFile.ReadStart(file, BundleHeader.Size, subject);
            var header = BundleHeader.Read(start, subject);
            BundleOwner.Require(header.VmId, vmId, subject);
            using StoreKey key = _keys.Find(header.KeyId) ?? throw new IdentityException(
                IdentityFailure.BundleWrongKey, subject, $"it was sealed with the key {header.KeyId}, which this identity store does not hold.");
            sealer = new SegmentSealer(header, key, subject);
            sealer.CheckHeader(start);
            return header.BundleId.ToString("N") == bundleId
                ? (BundleFile.Open(file, sealer, header, subject), header.KeyId)
                : throw new IdentityException(IdentityFailure.BundleDamaged, subject, $"it is the bundle {header.BundleId:N} under another name.");
        }
        catch (VmUpdateException)
        {
            sealer?.Dispose();
            file.Dispose();
            throw;
        }
    }
}
