using System.Buffers.Binary;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>The keys of an identity store: one file each, named by the key's id, so that an old bundle still finds its own.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///  0  8  Magic      "VMUPDKEY"
///  8  4  Version    1
/// 12  4  Kind       how it is protected
/// 16 16  Id         the key's id
/// 32  4  Length     of what follows
/// 36  n  Key        protected
/// </code>
/// </remarks>
internal sealed class StoreKeyRing
{
    private const string Extension = ".key";
    private const int HeaderSize = 36;
    private const int MaxBlobSize = 64 * 1024; // DPAPI adds a few hundred bytes
    private const int Version = 1;
    private static readonly byte[] Magic = "VMUPDKEY"u8.ToArray();
    private readonly IHostFolder _folder;
    private readonly IKeyProtector _protector;
    private readonly Func<Guid> _newGuid;
    private readonly object _gate = new();

    public StoreKeyRing(IHostFolder folder, IKeyProtector protector, Func<Guid> newGuid)
    {
        _folder = folder;
        _protector = protector;
        _newGuid = newGuid;
    }

    /// <summary>The key for new bundles; the first bundle of a store makes it.</summary>
    public StoreKey GetOrCreate()
    {
        lock (_gate)
        {
            string? present = _folder.Enumerate()
                .Where(name => name.EndsWith(Extension, StringComparison.Ordinal)).OrderBy(name => name, StringComparer.Ordinal).FirstOrDefault();
            return present is not null ? Read(present) : Create();
        }
    }

    /// <summary>The key a bundle was sealed with; <see langword="null"/> when the store does not hold it.</summary>
    public StoreKey? Find(Guid id) => _folder.Exists(NameOf(id)) ? Read(NameOf(id)) : null;

    private static string NameOf(Guid id) => id.ToString("N") + Extension;

    private StoreKey Create()
    {
        Guid id = _newGuid();
        var key = new StoreKey(id, StoreKey.Random(StoreKey.Size));
        byte[] blob = key.Protect(_protector);
        var bytes = new byte[HeaderSize + blob.Length];
        Magic.CopyTo(bytes, 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), _protector.Kind);
        id.ToByteArray().CopyTo(bytes, 16);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), blob.Length);
        blob.CopyTo(bytes, HeaderSize);

        // A key that is half written would be the end of every bundle sealed with it: it gets its name when it is durable.
        string temporary = NameOf(id) + ".tmp";
        using (IBlockFile file = _folder.Create(temporary))
        {
            HostAccess.RestrictToOwner(Path.Combine(_folder.Path, temporary));
            file.WriteAt(0, bytes);
            file.Flush();
        }

        Array.Clear(blob, 0, blob.Length);
        Array.Clear(bytes, 0, bytes.Length);
        _folder.Rename(temporary, NameOf(id));
        _folder.Flush();
        return key;
    }

    private StoreKey Read(string name)
    {
        using IBlockFile file = _folder.Open(name, HostFileMode.Read);
        if (file.Length is < HeaderSize or > HeaderSize + MaxBlobSize)
        {
            throw Unusable(name, "it has not the length of a key's file.");
        }

        var bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        if (!bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)) != Version
            || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(32)) != bytes.Length - HeaderSize)
        {
            throw Unusable(name, "it is not the file of a key, or of another version.");
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)) != _protector.Kind)
        {
            throw Unusable(name, "the key was protected in another way than this host does it.");
        }

        byte[] key = _protector.Unprotect(bytes.AsSpan(HeaderSize).ToArray());
        var id = new Guid(bytes.AsSpan(16, 16).ToArray());
        Array.Clear(bytes, 0, bytes.Length);
        return key.Length == StoreKey.Size ? new StoreKey(id, key) : throw Unusable(name, "the key has a wrong length.");
    }

    private IdentityException Unusable(string name, string message) =>
        new(IdentityFailure.KeyProtectionFailed, _folder.Path, message, name);
}
