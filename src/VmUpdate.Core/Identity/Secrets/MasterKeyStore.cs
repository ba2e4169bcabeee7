using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>The DPAPI master key files of a machine: where they lie on a disk, and what is in them.</summary>
internal static class MasterKeyStore
{
    // One is made every 90 days. The limit is what keeps a hostile disk from occupying us for days.
    private const int MaxFiles = 1000;

    /// <summary>The folder of the machine's keys, under the Windows folder.</summary>
    public static GuestPath MachineFolder { get; } = GuestPath.Parse("System32\\Microsoft\\Protect\\S-1-5-18");

    /// <summary>The folder of the account LocalSystem's own keys, under the Windows folder.</summary>
    public static GuestPath UserFolder { get; } = MachineFolder.Append("User");

    /// <summary>The master key files on a disk. <c>Preferred</c>, which names the one that new secrets go under, is none.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The files, and the half of DPAPI_SYSTEM each should be under.</returns>
    public static IReadOnlyList<(NtfsEntry Entry, DpapiSystemPart Part)> Enumerate(GuestDisk disk)
    {
        var files = new List<(NtfsEntry Entry, DpapiSystemPart Part)>();
        foreach ((GuestPath folder, DpapiSystemPart part) in new[] { (MachineFolder, DpapiSystemPart.Machine), (UserFolder, DpapiSystemPart.User) })
        {
            GuestPath path = Under(disk, folder);
            if (disk.Volume.Find(path) is not { IsDirectory: true, ReparseTag: 0 })
            {
                continue;
            }

            foreach (NtfsEntry entry in disk.Volume.Enumerate(path))
            {
                if (entry is { IsDirectory: false, ReparseTag: 0 } && Guid.TryParseExact(entry.Path.Name, "D", out _))
                {
                    files.Add((entry, part));
                }
            }
        }

        return files.Count <= MaxFiles ? files : throw new IdentityException(
            IdentityFailure.MasterKeyUnreadable,
            disk.Subject,
            $"{files.Count} master keys are more than the {MaxFiles} that are looked at; Windows makes four a year.",
            MachineFolder.ToString());
    }

    /// <summary>Reads and checks a master key file.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="entry">The file.</param>
    /// <returns>The file, not opened.</returns>
    /// <exception cref="IdentityException">It is no master key file, or damaged.</exception>
    public static MasterKeyFile Read(GuestDisk disk, NtfsEntry entry)
    {
        if (entry.Length > MasterKeyFile.MaxSize)
        {
            throw new IdentityException(
                IdentityFailure.MasterKeyUnreadable,
                disk.Subject,
                $"it has {entry.Length} bytes, more than the {MasterKeyFile.MaxSize} of any master key file.",
                entry.Path.ToString());
        }

        byte[] bytes = new byte[entry.Length];
        using IBlockFile stream = disk.Volume.OpenStream(entry.Path);
        stream.ReadAt(0, bytes);
        return MasterKeyFile.Read(bytes, disk.Subject, entry.Path.ToString());
    }

    /// <summary>A path under a disk's Windows folder.</summary>
    public static GuestPath Under(GuestDisk disk, GuestPath path) => path.Parts.Aggregate(disk.WindowsFolder, (folder, name) => folder.Append(name));
}
