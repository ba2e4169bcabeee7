using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>Finds the keys an item of the registry means on a disk.</summary>
internal static class RegistryPlaces
{
    /// <summary>The keys that fit, by path with <c>CurrentControlSet</c> unresolved, so that both disks' paths can be compared.</summary>
    public static IEnumerable<(string Path, RegistryKey Key)> Find(GuestDisk disk, HiveName hive, string pattern)
    {
        if (!disk.HasHive(hive))
        {
            return [];
        }

        if (pattern.IndexOfAny(['*', '?']) < 0)
        {
            return disk.OpenHive(hive).Find(disk.ResolveKey(hive, pattern)) is { } key ? [(pattern, key)] : [];
        }

        string[] parts = pattern.Split('\\');
        int plain = Array.FindIndex(parts, part => part.IndexOfAny(['*', '?']) >= 0);
        string start = string.Join("\\", parts.Take(plain));
        return disk.OpenHive(hive).Find(disk.ResolveKey(hive, start)) is { } top ? Walk(start, top, parts, plain) : [];
    }

    private static IEnumerable<(string Path, RegistryKey Key)> Walk(string path, RegistryKey key, string[] parts, int index)
    {
        if (index == parts.Length)
        {
            return [(path, key)];
        }

        return key.SubKeys
            .Where(sub => TextPattern.IsMatch(parts[index], sub.Name))
            .SelectMany(sub => Walk(path.Length == 0 ? sub.Name : $"{path}\\{sub.Name}", sub, parts, index + 1));
    }
}
