using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Benchmarks;

/// <summary>The jobs on one disk, as an administrator's script would do them with the library.</summary>
internal static class DiskJobs
{
    private const int CopyBytes = 1024 * 1024;
    private static readonly GuestPath s_config = GuestPath.Parse(@"Windows\System32\config");

    /// <summary>Copies the twelve files out and reads seven values.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="image">The disk.</param>
    /// <param name="target">A host folder for the copies.</param>
    public static void Extract(IHostFileSystem files, BenchmarkImage image, string target)
    {
        using VhdxDisk disk = VhdxDisk.Open(image.Disk, new VhdxOpenOptions { Files = files });
        using NtfsVolume volume = OpenVolume(disk, writable: false);
        byte[] buffer = new byte[CopyBytes];
        foreach ((string path, long _) in image.Files)
        {
            using IBlockFile source = volume.OpenStream(GuestPath.Parse(path));
            using FileStream copy = File.Create(Path.Combine(target, Path.GetFileName(path)), bufferSize: 1);
            for (long at = 0; at < source.Length; at += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Length - at));
                source.ReadAt(at, part);
                copy.Write(part);
            }
        }

        ReadValues(volume, "SYSTEM", [
            (@"ControlSet001\Control\ComputerName\ComputerName", "ComputerName"),
            (@"ControlSet001\Services\Tcpip\Parameters", "Hostname"),
            (@"ControlSet001\Services\Tcpip\Parameters", "NV Hostname")]);
        ReadValues(volume, "SOFTWARE", [
            (@"Microsoft\Cryptography", "MachineGuid"),
            (@"Microsoft\Windows NT\CurrentVersion", "ProductName"),
            (@"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientId"),
            (@"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientIdValidation")]);
    }

    /// <summary>Makes a child, writes twelve files into it, overwrites two and sets seven values.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="image">The parent.</param>
    /// <param name="sources">The host folder with the twelve files.</param>
    /// <param name="child">The child's path.</param>
    public static void MakeChild(IHostFileSystem files, BenchmarkImage image, string sources, string child)
    {
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(
            child, image.Disk, new VhdxCreateOptions { Files = files, NewGuid = Guid.NewGuid });
        using (NtfsVolume volume = OpenVolume(disk, writable: true))
        {
            volume.Create(GuestPath.Parse("Carried"), new NtfsCreateProperties { IsDirectory = true });
            byte[] buffer = new byte[CopyBytes];
            foreach ((string path, long length) in image.Files)
            {
                GuestPath target = GuestPath.Parse("Carried").Append(Path.GetFileName(path));
                volume.Create(target, new NtfsCreateProperties());
                Copy(Path.Combine(sources, Path.GetFileName(path)), volume, target, length, buffer);
            }

            foreach ((string path, long length) in image.Overwritten)
            {
                Copy(Path.Combine(sources, Path.GetFileName(path)), volume, GuestPath.Parse(path), length, buffer);
            }

            SetValues(volume);
            volume.Flush();
        }

        disk.Complete();
    }

    /// <summary>Visits every key and value of a hive.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="hivePath">The hive, a host file.</param>
    /// <returns>How many keys and values there are, and the bytes of their names and data.</returns>
    public static (int Keys, int Values, long TextBytes) Walk(IHostFileSystem files, string hivePath)
    {
        using IBlockFile file = files.OpenFolder(Path.GetDirectoryName(hivePath)!).Open(Path.GetFileName(hivePath), HostFileMode.Read);
        using RegistryHive hive = RegistryHive.Open(file, [], new RegistryOpenOptions());
        RegistryWalker walker = hive.Walk();
        int keys = 0;
        int values = 0;
        long text = 0;
        while (walker.Read())
        {
            text += walker.Name.Length * sizeof(char);
            if (walker.IsValue)
            {
                values++;
                text += walker.Data.Length;
            }
            else
            {
                keys++;
            }
        }

        return (keys, values, text);
    }

    private static NtfsVolume OpenVolume(VhdxDisk disk, bool writable)
    {
        foreach (Partition partition in PartitionTable.Read(disk).Partitions)
        {
            IBlockDevice device = partition.Open(disk);
            if (NtfsVolume.Probe(device) == NtfsProbe.Ntfs)
            {
                return NtfsVolume.Open(device, new NtfsOpenOptions { Writable = writable, UtcNow = () => DateTime.UtcNow });
            }
        }

        throw new InvalidOperationException("The image holds no NTFS volume.");
    }

    private static void Copy(string source, NtfsVolume volume, GuestPath target, long length, byte[] buffer)
    {
        using FileStream from = new(source, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        using IBlockFile to = volume.OpenStream(target, writable: true);
        to.SetLength(length);
        for (long at = 0; at < length; at += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at));
            from.ReadExactly(part);
            to.WriteAt(at, part);
        }
    }

    private static void ReadValues(NtfsVolume volume, string name, IReadOnlyList<(string Key, string Value)> wanted)
    {
        using IBlockFile file = volume.OpenStream(s_config.Append(name));
        using RegistryHive hive = RegistryHive.Open(file, [], new RegistryOpenOptions());
        foreach ((string key, string value) in wanted)
        {
            _ = hive.Find(key)?.FindValue(value) ?? throw new InvalidOperationException($"{name} lacks {key}\\{value}.");
        }
    }

    private static void SetValues(NtfsVolume volume)
    {
        using IBlockFile file = volume.OpenStream(s_config.Append("SOFTWARE"), writable: true);
        using RegistryHive hive = RegistryHive.Open(file, [], new RegistryOpenOptions { Writable = true, UtcNow = () => DateTime.UtcNow });
        byte[] data = new byte[78];
        hive.Create(@"Microsoft\Cryptography").SetValue("MachineGuid", 1, data);
        RegistryKey update = hive.Create(@"Microsoft\Windows\CurrentVersion\WindowsUpdate");
        update.SetValue("SusClientId", 1, data);
        update.SetValue("SusClientIdValidation", 3, new byte[180]);
        update.SetValue("PingID", 1, data);
        hive.Create(@"Microsoft\SQMClient").SetValue("MachineId", 1, data);
        RegistryKey tanium = hive.Create(@"Wow6432Node\Tanium\Tanium Client");
        tanium.SetValue("ComputerID", 4, new byte[4]);
        tanium.SetValue("RegistrationCount", 4, new byte[4]);
        hive.Commit();
    }
}
