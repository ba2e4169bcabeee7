using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Tells what is lost when a disk's DPAPI_SYSTEM is replaced by another.</summary>
internal static class DpapiReplacement
{
    private const long MaxFileSize = 1 << 20; // key containers and credentials have a few KiB; a larger file is none

    private static readonly GuestPattern[] Holders =
    [
        GuestPattern.Parse("ProgramData\\Microsoft\\Crypto\\**"),
        GuestPattern.Parse("%SystemRoot%\\System32\\config\\systemprofile\\AppData\\*\\Microsoft\\Credentials\\**"),
        GuestPattern.Parse("%SystemRoot%\\System32\\config\\systemprofile\\AppData\\*\\Microsoft\\Vault\\**"),
        GuestPattern.Parse("%SystemRoot%\\ServiceProfiles\\*\\AppData\\*\\Microsoft\\Credentials\\**"),
        GuestPattern.Parse("ProgramData\\Microsoft\\Wlansvc\\**"),
    ];

    /// <summary>The master keys of a disk, and the files in the usual places that are sealed under one of them.</summary>
    /// <param name="disk">The disk, before the replacement.</param>
    /// <returns>The files that stop opening. What programs keep elsewhere, or in the registry, is not among them.</returns>
    public static IReadOnlyList<NtfsEntry> FindClosed(GuestDisk disk)
    {
        List<NtfsEntry> closed = [.. MasterKeyStore.Enumerate(disk)];
        var keys = new HashSet<Guid>(closed.Select(entry => Guid.ParseExact(entry.Path.Name, "D")));
        foreach (NtfsEntry entry in Holders.SelectMany(holder => holder.Enumerate(disk)))
        {
            if (entry is { IsDirectory: false, ReparseTag: 0, Length: > 0 and <= MaxFileSize }
                && DpapiBlobs.FindMasterKeyIds(Read(disk, entry.Path, entry.Length)).Any(keys.Contains))
            {
                closed.Add(entry);
            }
        }

        return closed;
    }

    private static byte[] Read(GuestDisk disk, GuestPath path, long length)
    {
        byte[] bytes = new byte[length];
        using IBlockFile stream = disk.Volume.OpenStream(path);
        stream.ReadAt(0, bytes);
        return bytes;
    }
}
