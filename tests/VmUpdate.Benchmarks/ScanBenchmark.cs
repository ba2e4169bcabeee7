using System.Diagnostics;
using System.Globalization;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Files;

namespace VmUpdate.Benchmarks;

/// <summary>Looking for leaks and doubles: one disk, and two hundred children of one master.</summary>
internal static class ScanBenchmark
{
    private const string Job = "scan for leaks and doubles";
    private const double AllowedSeconds = 0.08;
    private const long AllowedMemory = 80L << 20;
    private const int ChildCount = 200;
    private const int Users = 5;
    private const int FoldersPerUser = 200;
    private const double AllowedSecondsForAll = 8;
    private const double AllowedShareOfParent = 1.2;

    /// <summary>Measures.</summary>
    public static void Run(BenchmarkImage image, string scratch, Figures figures)
    {
        var files = new HostFileSystem();
        string master = MakeFull(files, image.Disk, scratch);
        Measurement one = Measurement.Of(() => { }, () => Scan(files, [master]));
        figures.Add(Job, "one disk, warm, median of 5", $"<= {AllowedSeconds:0.00} s", $"{one.Median:0.000} s ({one.Spread}), {one.CpuSeconds:0.000} s CPU", one.Median <= AllowedSeconds);

        var counting = new CountingFileSystem(new HostFileSystem());
        Scan(counting, [master]);
        long alone = counting.BytesRead;
        figures.Tell(Job, "one disk, host bytes read", Mib(alone));
        (double nothing, long empty) = ColdProcess.Run(ColdProcess.Nothing);
        (double cold, long peak) = ColdProcess.Run("scan", master);
        figures.Tell(Job, "one disk, cold process", $"{cold:0.00} s (the runtime alone {nothing:0.00} s)");
        figures.Add(Job, "memory over the runtime's own", $"<= {Mib(AllowedMemory)}", Mib(peak - empty), peak - empty <= AllowedMemory);

        string[] children = MakeChildren(files, master, scratch);
        Scan(files, children);
        var clock = Stopwatch.StartNew();
        Scan(files, children);
        double seconds = clock.Elapsed.TotalSeconds;
        figures.Add(Job, $"{ChildCount} children of one master", $"<= {AllowedSecondsForAll:0} s", $"{seconds:0.0} s", seconds <= AllowedSecondsForAll);

        counting.Reset();
        Scan(counting, children);
        double share = (double)(counting.BytesReadOf(master) + counting.BytesReadOf(image.Disk)) / alone;
        figures.Add(Job, "their host bytes of the master, of one scan of it", $"<= {AllowedShareOfParent:0.0} x", $"{share:0.00} x", share <= AllowedShareOfParent);
    }

    /// <summary>One scan.</summary>
    public static void Scan(IHostFileSystem files, IReadOnlyList<string> paths)
    {
        AuditResult result = new IdentityAudit(IdentityCatalogue.LoadBuiltIn(), files, [])
            .Run([.. paths.Select(path => new AuditTarget(path, Path.GetFileName(path)))], null, CancellationToken.None);
        if (result.Disks.FirstOrDefault(disk => disk.Failure is not null) is { } failed)
        {
            throw new InvalidOperationException(failed.Failure!.Message, failed.Failure);
        }
    }

    /// <summary>A child of the image with what a used Windows has: profiles with many folders, agents, secrets of many kinds.</summary>
    private static string MakeFull(HostFileSystem files, string parent, string scratch)
    {
        string path = Path.Combine(scratch, "full.vhdx");
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(path, parent, new VhdxCreateOptions { Files = files, NewGuid = Guid.NewGuid });
        using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path, Writable = true, UtcNow = () => DateTime.UtcNow }))
        {
            for (int user = 0; user < Users; user++)
            {
                string home = string.Create(CultureInfo.InvariantCulture, $@"Users\user{user}\");
                for (int folder = 0; folder < FoldersPerUser; folder++)
                {
                    Write(guest.Volume, string.Create(CultureInfo.InvariantCulture, $@"{home}AppData\Local\Packages\package{folder}\settings.dat"), 4096);
                }

                Write(guest.Volume, home + @"AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt", 30_000);
                Write(guest.Volume, home + @"AppData\Local\Microsoft\Credentials\AB12", 500);
                Write(guest.Volume, home + @".ssh\known_hosts", 20_000);
                Write(guest.Volume, home + @".aws\credentials", 300);
            }

            Write(guest.Volume, @"Windows\Panther\unattend.xml", 10_000);
            foreach (string kind in new[] { "rsa", "ecdsa", "ed25519" })
            {
                Write(guest.Volume, $@"ProgramData\ssh\ssh_host_{kind}_key", 2000);
            }

            RegistryHive software = guest.OpenHive(HiveName.Software);
            foreach (IdentityItem item in IdentityCatalogue.LoadBuiltIn().Sets.SelectMany(set => set.Items)
                .Where(item => item is { Kind: IdentityItemKind.RegistryValue, Hive: HiveName.Software } && !item.Key.Contains('*', StringComparison.Ordinal)))
            {
                SetText(software.Create(item.Key), item.Value, "11111111-2222-3333-4444-555555555555");
            }

            guest.Commit();
        }

        disk.Complete();
        return path;
    }

    private static void Write(NtfsVolume volume, string path, int length)
    {
        GuestPath folder = GuestPath.Root;
        IReadOnlyList<string> parts = GuestPath.Parse(path).Parts;
        foreach (string part in parts.Take(parts.Count - 1))
        {
            folder = folder.Append(part);
            if (volume.Find(folder) is null)
            {
                volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
            }
        }

        GuestPath file = folder.Append(parts[^1]);
        if (volume.Find(file) is null)
        {
            volume.Create(file, new NtfsCreateProperties());
        }

        using IBlockFile stream = volume.OpenStream(file, writable: true);
        stream.WriteAt(0, new byte[length]);
    }

    private static string[] MakeChildren(HostFileSystem files, string parent, string scratch)
    {
        string folder = Directory.CreateDirectory(Path.Combine(scratch, "children")).FullName;
        using var parents = new ParentCache();
        return [.. Enumerable.Range(1, ChildCount).Select(number =>
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"PC-{number:000}");
            string path = Path.Combine(folder, name + ".vhdx");
            using VhdxDisk disk = VhdxDisk.CreateDifferencing(
                path, parent, new VhdxCreateOptions { Files = files, NewGuid = Guid.NewGuid, Parents = parents });
            using (GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = name, Writable = true, UtcNow = () => DateTime.UtcNow }))
            {
                RegistryHive system = guest.OpenHive(HiveName.System);
                SetText(system.Create(guest.ResolveKey(HiveName.System, @"CurrentControlSet\Control\ComputerName\ComputerName")), "ComputerName", name);
                RegistryKey update = guest.OpenHive(HiveName.Software).Create(@"Microsoft\Windows\CurrentVersion\WindowsUpdate");
                SetText(update, "SusClientId", $"{Guid.NewGuid():D}");
                guest.Commit();
            }

            disk.Complete();
            return path;
        })];
    }

    private static void SetText(RegistryKey key, string name, string text) => key.SetValue(name, 1, Encoding.Unicode.GetBytes(text + '\0'));

    private static string Mib(long bytes) => $"{bytes / 1048576.0:0.0} MiB";
}
