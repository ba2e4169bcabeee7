using System.Runtime.InteropServices;
using System.Security.Cryptography;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>Keeps bundles as sealed files in a folder that only its owner may enter. May be used by several threads and processes.</summary>
public sealed class FolderIdentityStore : IIdentityStore
{
    private const string Extension = ".vmidentity";
    private const string TemporaryExtension = ".vmidentity.tmp";
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
        try
        {
            using StoreKey key = _keys.GetOrCreate();
            Write(bundle, key);
            return bundle.Id;
        }
        catch (HostFileException failure) when (failure.Failure is HostFileFailure.AccessDenied or HostFileFailure.NotFound)
        {
            throw new IdentityException(
                IdentityFailure.StoreNotWritable, _folder.Path, $"the identity store's folder cannot be written: {failure.Message}", inner: failure);
        }
    }

    /// <inheritdoc/>
    public IdentityBundle Load(string bundleId, Guid? vmId = null)
    {
        RequireOwnerOnly();
        string subject = $"bundle {bundleId} in {_folder.Path}";
        if (!Exists(bundleId))
        {
            throw new IdentityException(IdentityFailure.BundleNotFound, subject, "the identity store does not hold it.");
        }

        IBlockFile file = _folder.Open(bundleId + Extension, HostFileMode.Read);
        SegmentSealer? sealer = null;
        try
        {
            byte[] start = ReadStart(file, subject);
            var header = BundleHeader.Read(start, subject);
            BundleOwner.Require(header.VmId, vmId, subject);
            using StoreKey key = _keys.Find(header.KeyId) ?? throw new IdentityException(
                IdentityFailure.BundleWrongKey, subject, $"it was sealed with the key {header.KeyId}, which this identity store does not hold.");
            sealer = new SegmentSealer(header, key, subject);
            sealer.CheckHeader(start);
            if (file.Length != sealer.FileLength)
            {
                throw new IdentityException(
                    IdentityFailure.BundleDamaged, subject, $"it is {file.Length} bytes long and should be {sealer.FileLength}.");
            }

            var plain = new SealedPayload(file, sealer, header);
            (IdentityManifest manifest, long payload) = ManifestCodec.Decode(plain, subject);
            return manifest.BundleId == header.BundleId && IsNameOf(header.BundleId, bundleId)
                ? new IdentityBundle(manifest, new PayloadSlice(plain, payload))
                : throw new IdentityException(IdentityFailure.BundleDamaged, subject, $"it is the bundle {header.BundleId:N} under another name.");
        }
        catch (VmUpdateException)
        {
            sealer?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool Exists(string bundleId) => IsId(bundleId) && _folder.Exists(bundleId + Extension);

    /// <inheritdoc/>
    public void Delete(string bundleId)
    {
        if (!IsId(bundleId))
        {
            return;
        }

        // What a killed run left half written goes with it: a run that goes on with the work uses the same id.
        bool isThere = _folder.Exists(bundleId + Extension) || _folder.Exists(bundleId + TemporaryExtension);
        _folder.Delete(bundleId + TemporaryExtension);
        _folder.Delete(bundleId + Extension);
        if (isThere)
        {
            _folder.Flush();
        }
    }

    // Only what we name ourselves reaches the host as a file's name.
    private static bool IsId(string id) => id.Length == 32 && id.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    private static bool IsNameOf(Guid id, string name) => id.ToString("N") == name;

    private static byte[] ReadStart(IBlockFile file, string subject)
    {
        if (file.Length < BundleHeader.Size)
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, subject, $"it is only {file.Length} bytes long.");
        }

        var start = new byte[BundleHeader.Size];
        file.ReadAt(0, start);
        return start;
    }

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

    private void Write(IdentityBundle bundle, StoreKey key)
    {
        byte[] manifest = ManifestCodec.Encode(bundle.Manifest);
        var header = new BundleHeader
        {
            BundleId = bundle.Manifest.BundleId,
            VmId = bundle.Manifest.VmId,
            TakenTicks = bundle.Manifest.TakenUtc.Ticks,
            KeyId = key.Id,
            Salt = StoreKey.Random(BundleHeader.SaltSize),
            PlainLength = manifest.Length + bundle.Payload.Length,
        };
        string name = bundle.Id + Extension;
        string temporary = bundle.Id + TemporaryExtension;
        using var sealer = new SegmentSealer(header, key, $"bundle {bundle.Id} in {_folder.Path}");
        if (sealer.FileLength > _folder.FreeBytes)
        {
            throw new HostFileException(
                HostFileFailure.DiskFull, _folder.Path, $"the bundle needs {sealer.FileLength} bytes, and {_folder.FreeBytes} are free.");
        }

        _folder.Delete(temporary);
        try
        {
            using IBlockFile file = _folder.Create(temporary);
            byte[] written = WriteSegments(file, sealer, manifest, bundle.Payload);
            file.Flush();
            ReadBack(file, sealer, written);
        }
        catch (VmUpdateException)
        {
            _folder.Delete(temporary);
            throw;
        }

        _folder.Rename(temporary, name);
        _folder.Flush();
    }

    private static byte[] WriteSegments(IBlockFile file, SegmentSealer sealer, byte[] manifest, IBundlePayload payload)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        file.WriteAt(0, sealer.HeaderBytes);
        long position = 0;
        for (long segment = 0; segment < sealer.SegmentCount; segment++)
        {
            var plain = new byte[sealer.PlainSize(segment)];
            int fromManifest = (int)Math.Min(plain.Length, Math.Max(0, manifest.Length - position));
            manifest.AsSpan((int)Math.Min(position, manifest.Length), fromManifest).CopyTo(plain);
            payload.Read(Math.Max(0, position - manifest.Length), plain.AsSpan(fromManifest));
            hash.AppendData(plain);
            file.WriteAt(sealer.OffsetOf(segment), sealer.Seal(segment, plain, plain.Length));
            Array.Clear(plain, 0, plain.Length);
            position += plain.Length;
        }

        return hash.GetHashAndReset();
    }

    private void ReadBack(IBlockFile file, SegmentSealer sealer, byte[] written)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long segment = 0; segment < sealer.SegmentCount; segment++)
        {
            var found = new byte[SegmentSealer.SealedSize(sealer.PlainSize(segment))];
            file.ReadAt(sealer.OffsetOf(segment), found);
            byte[] plain = sealer.Open(segment, found);
            hash.AppendData(plain);
            Array.Clear(plain, 0, plain.Length);
        }

        if (!hash.GetHashAndReset().SequenceEqual(written))
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, _folder.Path, "a bundle read back is not what was written.");
        }
    }
}
