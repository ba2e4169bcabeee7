using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>The keys of an identity store: one file each, named by the key's id, so that an old bundle still finds its own.</summary>
internal sealed class StoreKeyRing
{
    private const string Extension = ".key";
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
            return Newest() is { } present ? Open(present) : Create(1);
        }
    }

    /// <summary>Makes a key under which new bundles go from now on. Those that there are stay.</summary>
    public StoreKey CreateNext()
    {
        lock (_gate)
        {
            return Create((Newest()?.Number ?? 0) + 1);
        }
    }

    /// <summary>The key a bundle was sealed with; <see langword="null"/> when the store does not hold it.</summary>
    public StoreKey? Find(Guid id) => _folder.Exists(NameOf(id)) ? Open(StoreKeyFile.Read(_folder, NameOf(id))) : null;

    /// <summary>Deletes all keys but one.</summary>
    /// <returns>How many.</returns>
    public int DeleteAllBut(Guid id)
    {
        string[] others = [.. Names().Where(name => name != NameOf(id))];
        foreach (string name in others)
        {
            _folder.Delete(name);
        }

        _folder.Flush();
        return others.Length;
    }

    private static string NameOf(Guid id) => id.ToString("N") + Extension;

    private IEnumerable<string> Names() => _folder.Enumerate().Where(name => name.EndsWith(Extension, StringComparison.Ordinal));

    // Two processes may make a key at a time: then either serves, and all agree which.
    private StoreKeyFile? Newest() => Names().Select(name => StoreKeyFile.Read(_folder, name))
        .OrderByDescending(file => file.Number).ThenBy(file => NameOf(file.Id), StringComparer.Ordinal).FirstOrDefault();

    private StoreKey Create(int number)
    {
        Guid id = _newGuid();
        var key = new StoreKey(id, StoreKey.Random(StoreKey.Size));
        byte[] blob = key.Protect(_protector);
        byte[] bytes = new StoreKeyFile(id, number, _protector.Kind, blob).ToBytes();

        // A key that is half written would be the end of every bundle sealed with it: it gets its name when it is durable.
        string temporary = NameOf(id) + ".tmp";
        using (IBlockFile file = _folder.Create(temporary))
        {
            HostAccess.RestrictToOwner(Path.Combine(_folder.Path, temporary));
            file.WriteAt(0, bytes);
            file.Flush();
        }

        SecretBuffer.Zero(blob);
        SecretBuffer.Zero(bytes);
        _folder.Rename(temporary, NameOf(id));
        _folder.Flush();
        return key;
    }

    private StoreKey Open(StoreKeyFile file)
    {
        if (file.Kind != _protector.Kind)
        {
            throw StoreKeyFile.Unusable(_folder, NameOf(file.Id), "the key was protected in another way than this host does it.");
        }

        byte[] key = _protector.Unprotect(file.Blob);
        SecretBuffer.Zero(file.Blob);
        return key.Length == StoreKey.Size
            ? new StoreKey(file.Id, key)
            : throw StoreKeyFile.Unusable(_folder, NameOf(file.Id), "the key has a wrong length.");
    }
}
