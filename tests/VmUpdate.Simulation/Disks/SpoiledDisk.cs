using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Simulation.Disks;

/// <summary>Makes a good disk of Windows into one that is of no use, in ways that need files on it.</summary>
public static class SpoiledDisk
{
    private const string Hives = @"Windows\System32\config";

    /// <summary>Spoils a disk in place.</summary>
    /// <param name="path">The VHDX.</param>
    /// <param name="kind"><c>hibernated</c> or <c>two-windows</c>.</param>
    public static void Spoil(string path, string kind)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem(), Writable = true, NewGuid = Guid.NewGuid });
        foreach (Partition partition in PartitionTable.Read(disk).Partitions)
        {
            using IBlockDevice device = partition.Open(disk);
            if (NtfsVolume.Probe(device) == NtfsProbe.Other)
            {
                continue;
            }

            using NtfsVolume volume = NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = () => WindowsDiskBuilder.Now });
            if (kind == "hibernated")
            {
                Write(volume, GuestPath.Parse("hiberfil.sys"), [.. "HIBR"u8, .. new byte[4092]]);
            }
            else if (kind == "two-windows")
            {
                GuestPath second = GuestPath.Root;
                foreach (string part in (string[])["Winnt", "System32", "config"])
                {
                    second = second.Append(part);
                    volume.Create(second, new NtfsCreateProperties { IsDirectory = true });
                }

                foreach (string hive in (string[])["SYSTEM", "SOFTWARE"])
                {
                    using IBlockFile file = volume.OpenStream(GuestPath.Parse(Hives).Append(hive));
                    byte[] bytes = new byte[file.Length];
                    file.ReadAt(0, bytes);
                    Write(volume, second.Append(hive), bytes);
                }
            }
            else
            {
                throw new ArgumentException($"No disk is spoiled by '{kind}'.", nameof(kind));
            }

            volume.Flush();
        }

        disk.Flush();
    }

    private static void Write(NtfsVolume volume, GuestPath path, byte[] bytes)
    {
        volume.Create(path, new NtfsCreateProperties());
        using IBlockFile file = volume.OpenStream(path, writable: true);
        file.WriteAt(0, bytes);
    }
}
