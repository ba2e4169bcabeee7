namespace VmUpdate.Core.Identity;

/// <summary>Where a thing is on a disk, in words for people.</summary>
internal static class PlaceText
{
    /// <summary>The path of a file, or hive, key and value.</summary>
    public static string Of(GuestDisk disk, Place place) =>
        place.Entry is not null ? place.Path : Of(disk, place.Item, place.Path, place.Name);

    /// <summary>Hive, key and value.</summary>
    public static string Of(GuestDisk disk, IdentityItem item, string key, string value)
    {
        string path = disk.HasHive(item.Hive) ? disk.ResolveKey(item.Hive, key) : key;
        string name = item.Kind == IdentityItemKind.RegistryValue ? $" : {(value.Length == 0 ? "(Default)" : value)}" : string.Empty;
        return $"{item.Hive.ToString().ToUpperInvariant()}\\{path}{name}";
    }
}
