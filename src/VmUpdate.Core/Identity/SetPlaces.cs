using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>Lists what the items of a set mean on a disk.</summary>
internal static class SetPlaces
{
    /// <summary>What is there, folders before what they hold. Excluded places are left out.</summary>
    public static IEnumerable<Place> Find(GuestDisk disk, IdentityItem item, IReadOnlyList<GuestPattern> exclude) => item.Kind switch
    {
        IdentityItemKind.RegistryValue => Values(disk, item),
        IdentityItemKind.RegistryKey or IdentityItemKind.Certificate => Keys(disk, item)
            .Select(found => new Place(item, ManifestItemKind.KeyTree, found.Path, string.Empty, 0, null)),
        IdentityItemKind.ClassName => RegistryPlaces.Find(disk, item.Hive, item.Key)
            .Where(found => found.Key.ClassName.Length > 0)
            .Select(found => new Place(item, ManifestItemKind.ClassName, found.Path, string.Empty, 2L * found.Key.ClassName.Length, null)),
        IdentityItemKind.File => Files(disk, item, item.Path, item.Path.MeansAllBelow, exclude),
        IdentityItemKind.Folder => Files(disk, item, item.Path, true, exclude).Concat(
            Files(disk, item, item.Path.AllBelow(), true, exclude)),
        IdentityItemKind.LsaSecret => Keys(disk, item)
            .Select(found => new Place(item, ManifestItemKind.LsaSecret, found.Path, string.Empty, 0, null)),
        IdentityItemKind.DpapiMasterKeys => MasterKeyStore.Enumerate(disk)
            .Select(entry => new Place(item, ManifestItemKind.MasterKey, entry.Path.ToString(), string.Empty, entry.Length, entry)),
        IdentityItemKind.MachineSid when disk.MachineSid is not null =>
            [new Place(item, ManifestItemKind.Value, item.Key, item.Value, 0, null)],
        IdentityItemKind.StaticAddress => RegistryPlaces.Find(disk, item.Hive, item.Key)
            .Where(found => StaticAddress.Read(disk, found.Key) is not null)
            .Select(found => new Place(item, ManifestItemKind.StaticAddress, found.Path, string.Empty, 0, null)),
        _ => [],
    };

    /// <summary>Whether anything is there; looks no further than the first.</summary>
    public static bool Any(GuestDisk disk, IdentityItem item, IReadOnlyList<GuestPattern> exclude) => item.Kind == IdentityItemKind.RegistryKey
        ? Keys(disk, item).Any(found => found.Key.Values.Any() || found.Key.SubKeys.Any())
        : Find(disk, item, exclude).Any();

    private static IEnumerable<Place> Values(GuestDisk disk, IdentityItem item)
    {
        foreach ((string path, RegistryKey key) in RegistryPlaces.Find(disk, item.Hive, item.Key))
        {
            foreach (RegistryValue value in ValuesOf(key, item.Value).Where(value => PlaceFilter.Counts(item, value)))
            {
                yield return new Place(item, ManifestItemKind.Value, path, value.Name, value.Data.Length, null);
            }
        }
    }

    private static IEnumerable<RegistryValue> ValuesOf(RegistryKey key, string name) => name.IndexOfAny(['*', '?']) >= 0
        ? key.Values.Where(value => TextPattern.IsMatch(name, value.Name))
        : key.FindValue(name) is { } value ? [value] : [];

    private static IEnumerable<(string Path, RegistryKey Key)> Keys(GuestDisk disk, IdentityItem item) =>
        RegistryPlaces.Find(disk, item.Hive, item.Key).Where(found => PlaceFilter.Counts(item, found.Key));

    private static IEnumerable<Place> Files(
        GuestDisk disk, IdentityItem item, GuestPattern pattern, bool withFolders, IReadOnlyList<GuestPattern> exclude)
    {
        foreach (NtfsEntry entry in pattern.Enumerate(disk))
        {
            bool isMeant = entry.IsDirectory ? withFolders : PlaceFilter.Counts(item, disk.Volume, entry);
            if (isMeant && !exclude.Any(other => other.IsMatch(entry.Path, disk.WindowsFolder)))
            {
                ManifestItemKind kind = entry.IsDirectory ? ManifestItemKind.Folder : ManifestItemKind.File;
                yield return new Place(item, kind, entry.Path.ToString(), string.Empty, entry.Length, entry);
            }
        }
    }
}
