using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>The DPAPI master key files of a machine: where they lie on a disk, and what is in them.</summary>
internal static class MasterKeyStore
{
    // One is made every 90 days. The limit is what keeps a hostile disk from occupying us for days.
    private const int MaxFiles = 1000;

    private static readonly GuestPath MachineFolder = GuestPath.Parse("System32\\Microsoft\\Protect\\S-1-5-18");
    private static readonly GuestPath UserFolder = MachineFolder.Append("User");

    /// <summary>Where they lie, as a catalogue would say it.</summary>
    public static GuestPattern Pattern { get; } = GuestPattern.Parse("%SystemRoot%\\System32\\Microsoft\\Protect\\S-1-5-18\\**");

    /// <summary>The master key files on a disk. <c>Preferred</c>, which names the one that new secrets go under, is none.</summary>
    /// <param name="disk">The disk.</param>
    /// <returns>The files.</returns>
    public static IReadOnlyList<NtfsEntry> Enumerate(GuestDisk disk)
    {
        var files = new List<NtfsEntry>();
        foreach (GuestPath folder in new[] { MachineFolder, UserFolder })
        {
            GuestPath path = folder.Parts.Aggregate(disk.WindowsFolder, (above, name) => above.Append(name));
            if (disk.Volume.Find(path) is { IsDirectory: true, ReparseTag: 0 })
            {
                files.AddRange(disk.Volume.Enumerate(path).Where(
                    entry => entry is { IsDirectory: false, ReparseTag: 0 } && Guid.TryParseExact(entry.Path.Name, "D", out _)));
            }
        }

        return files.Count <= MaxFiles ? files : throw new IdentityException(
            IdentityFailure.MasterKeyUnreadable,
            disk.Subject,
            $"{files.Count} master keys are more than the {MaxFiles} that are looked at; Windows makes four a year.",
            MachineFolder.ToString());
    }

    /// <summary>The half of DPAPI_SYSTEM that a key should be under, by where it lies.</summary>
    /// <param name="entry">Its file.</param>
    /// <returns>The half.</returns>
    public static DpapiSystemPart LikelyPart(NtfsEntry entry) =>
        string.Equals(entry.Path.Parent.Name, UserFolder.Name, StringComparison.OrdinalIgnoreCase) ? DpapiSystemPart.User : DpapiSystemPart.Machine;

    /// <summary>Reads and checks a master key file.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="entry">The file.</param>
    /// <returns>The file, not opened.</returns>
    /// <exception cref="IdentityException">It is no master key file, or damaged.</exception>
    public static MasterKeyFile Read(GuestDisk disk, NtfsEntry entry) =>
        MasterKeyFile.Read(ReadBytes(disk, entry), disk.Subject, entry.Path.ToString());

    /// <summary>Reads a master key file.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="entry">The file.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="IdentityException">It is longer than any master key file.</exception>
    public static byte[] ReadBytes(GuestDisk disk, NtfsEntry entry)
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
        return bytes;
    }
}
