using System.Security.Cryptography;
using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>Everything on a guest's disk in one line each, so that two disks can be compared.</summary>
internal static class DiskContents
{
    /// <summary>Path to kind, attributes, security descriptor, and hash of each stream. The hives themselves are left out: see <see cref="Values"/>.</summary>
    public static Dictionary<string, string> Files(GuestDisk disk)
    {
        var lines = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Walk(GuestPath.Root);
        return lines;

        void Walk(GuestPath folder)
        {
            foreach (NtfsEntry entry in disk.Volume.Enumerate(folder).Where(entry => !entry.Path.Name.StartsWith('$')))
            {
                IEnumerable<string> streams = IsHive(disk, entry.Path) ? [] : disk.Volume.GetStreams(entry.Path)
                    .OrderBy(stream => stream.Name, StringComparer.Ordinal)
                    .Select(stream => $"{stream.Name}:{stream.Length}:{Hash(disk.Volume, entry.Path, stream)}");
                string security = Convert.ToHexString(disk.Volume.GetSecurityDescriptor(entry.Path));
                lines.Add(entry.Path.ToString(), $"{entry.Path} {entry.Attributes} {entry.ReparseTag:X} {security} {string.Join(' ', streams)}");
                if (entry is { IsDirectory: true, ReparseTag: 0 })
                {
                    Walk(entry.Path);
                }
            }
        }
    }

    /// <summary>Key, and key and value, to class and security, and type and data.</summary>
    public static Dictionary<string, string> Values(GuestDisk disk, HiveName name)
    {
        var lines = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Walk(disk.OpenHive(name).Root, string.Empty);
        return lines;

        void Walk(RegistryKey key, string path)
        {
            lines.Add($"{path}\\", $"{key.ClassName} {Convert.ToHexString(SHA256.HashData(key.GetSecurityDescriptor()))}");
            foreach (RegistryValue value in key.Values)
            {
                lines[$"{path} : {value.Name}"] = $"{value.Type:X} {Convert.ToHexString(SHA256.HashData(value.Data))}";
            }

            foreach (RegistryKey sub in key.SubKeys)
            {
                Walk(sub, path.Length == 0 ? sub.Name : $"{path}\\{sub.Name}");
            }
        }
    }

    public static List<string> Differences(Dictionary<string, string> one, Dictionary<string, string> other) =>
        one.Keys.Union(other.Keys, StringComparer.OrdinalIgnoreCase)
            .Where(key => one.GetValueOrDefault(key) != other.GetValueOrDefault(key)).OrderBy(key => key, StringComparer.Ordinal).ToList();

    private static bool IsHive(GuestDisk disk, GuestPath path) =>
        path.Parent.Equals(disk.WindowsFolder.Append("System32").Append("config"))
        && Enum.GetNames<HiveName>().Any(hive => path.Name.StartsWith(hive, StringComparison.OrdinalIgnoreCase));

    private static string Hash(NtfsVolume volume, GuestPath path, NtfsStreamInfo stream)
    {
        using IBlockFile file = volume.OpenStream(path, stream.Name);
        byte[] bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return Convert.ToHexString(SHA256.HashData(bytes));
    }
}
