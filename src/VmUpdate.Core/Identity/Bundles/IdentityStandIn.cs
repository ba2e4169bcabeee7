using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A disk in memory that holds what a portable bundle holds, where the old disk held it: it takes the old disk's place in a plan, so
/// that an import goes by the very rules of a swap. What is in it is sealed as it was on the disk, and zeroed when it is let go.
/// </summary>
internal sealed class IdentityStandIn : IDisposable
{
    private const long BaseSize = 64L << 20; // the volume's own files, and hives that are nearly empty
    private const int RoomFactor = 4;        // a hive's cells and a file's record take more than the bytes in them
    private readonly MemoryVolume _volume;

    private IdentityStandIn(MemoryVolume volume, GuestDisk disk)
    {
        _volume = volume;
        Disk = disk;
    }

    /// <summary>The disk, for reading.</summary>
    public GuestDisk Disk { get; }

    /// <summary>Builds the disk.</summary>
    /// <param name="bundle">A portable bundle.</param>
    /// <param name="utcNow">The time, in UTC.</param>
    /// <returns>The disk, to be disposed. The bundle is not needed any longer.</returns>
    /// <exception cref="IdentityException">The bundle does not hold a disk's identity.</exception>
    public static IdentityStandIn Build(IdentityBundle bundle, Func<DateTime> utcNow)
    {
        IReadOnlyList<ManifestItem> items = bundle.Manifest.Source;
        if (items.Count == 0)
        {
            throw new IdentityException(IdentityFailure.BundleDamaged, bundle.Id, "it holds nothing of a disk.");
        }

        var volume = new MemoryVolume(BaseSize + (items.Sum(item => item.Length) * RoomFactor));
        try
        {
            Format(volume, bundle.Manifest.WindowsFolder, utcNow);
            string subject = $"{bundle.Manifest.OldDisk} as it was on {bundle.Manifest.TakenUtc:u}";
            using (GuestDisk target = GuestDisk.Open(volume, new GuestDiskOptions { Subject = subject, Writable = true, UtcNow = utcNow }))
            {
                IdentityTransfer.Apply(target, items, bundle.Payload);
                target.Commit();
            }

            return new IdentityStandIn(volume, GuestDisk.Open(volume, new GuestDiskOptions { Subject = subject }));
        }
        catch
        {
            volume.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Disk.Dispose();
        _volume.Dispose();
    }

    private static void Format(MemoryVolume device, string windowsFolder, Func<DateTime> utcNow)
    {
        DateTime now = utcNow();
        NtfsFormatter.Format(device, new NtfsFormatOptions { SerialNumber = 0, UtcNow = now });
        using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = utcNow });
        GuestPath folder = GuestPath.Root;
        foreach (string part in GuestPath.Parse(windowsFolder).Append("System32").Append("config").Parts)
        {
            folder = folder.Append(part);
            volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
        }

        foreach (string name in new[] { "SYSTEM", "SOFTWARE", "SECURITY", "SAM", "DEFAULT" })
        {
            volume.Create(folder.Append(name), new NtfsCreateProperties());
            using IBlockFile file = volume.OpenStream(folder.Append(name), writable: true);
            using RegistryHive hive = RegistryHive.CreateEmpty(file, new RegistryCreateOptions { UtcNow = utcNow });
            if (name == "SYSTEM")
            {
                // What the bundle calls the current control set is this one.
                hive.Create("ControlSet001");
                hive.Create("Select").SetValue("Current", 4, BitConverter.GetBytes(1));
            }

            hive.Commit();
        }

        volume.Flush();
    }
}
