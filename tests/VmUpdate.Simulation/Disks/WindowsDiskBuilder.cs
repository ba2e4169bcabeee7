using System.Buffers.Binary;
using System.Text;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Files;

namespace VmUpdate.Simulation.Disks;

/// <summary>Makes a small disk that looks like one of Windows: an NTFS volume, a Windows folder, five hives, and what the test adds.</summary>
public sealed class WindowsDiskBuilder
{
    public const uint Sz = 1;
    public const uint Binary = 3;
    public const uint Dword = 4;

    private readonly Dictionary<string, List<Action<RegistryHive>>> _hives = new(StringComparer.OrdinalIgnoreCase)
    {
        ["SYSTEM"] = [], ["SOFTWARE"] = [], ["SECURITY"] = [], ["SAM"] = [], ["DEFAULT"] = [],
    };

    private readonly List<Action<NtfsVolume>> _files = [];

    /// <summary>A disk of a machine of that name, whose current control set is the given one.</summary>
    public WindowsDiskBuilder(string computerName, int controlSet = 1, uint machineSid = 7)
    {
        ControlSet = $"ControlSet{controlSet:D3}";
        Value("SYSTEM", "Select", "Current", Dword, BitConverter.GetBytes(controlSet));
        Value("SYSTEM", $@"{ControlSet}\Control\ComputerName\ComputerName", "ComputerName", computerName);
        Value("SYSTEM", $@"{ControlSet}\Services\Tcpip\Parameters", "Hostname", computerName.ToLowerInvariant());
        Value("SYSTEM", $@"{ControlSet}\Services\Tcpip\Parameters", "NV Hostname", computerName.ToLowerInvariant());
        Value("SOFTWARE", @"Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber", "19045");
        byte[] account = new byte[40];
        BinaryPrimitives.WriteUInt32LittleEndian(account.AsSpan(28), machineSid);
        BinaryPrimitives.WriteUInt32LittleEndian(account.AsSpan(32), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(account.AsSpan(36), 3);
        Value("SAM", @"SAM\Domains\Account", "V", Binary, account);
        Key("SECURITY", "Policy");
        Key("DEFAULT", "Software");
    }

    public static DateTime Now { get; } = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    public string ControlSet { get; }

    public string WindowsFolder { get; init; } = "Windows";

    public long Size { get; init; } = 24 << 20;

    public WindowsDiskBuilder Value(string hive, string key, string name, string text) =>
        Value(hive, key, name, Sz, Encoding.Unicode.GetBytes(text + '\0'));

    public WindowsDiskBuilder Value(string hive, string key, string name, uint type, byte[] data) =>
        Hive(hive, opened => opened.Create(key).SetValue(name, type, data));

    public WindowsDiskBuilder Key(string hive, string key) => Hive(hive, opened => opened.Create(key));

    public WindowsDiskBuilder Hive(string hive, Action<RegistryHive> change)
    {
        _hives[hive].Add(change);
        return this;
    }

    public WindowsDiskBuilder File(string path, string text, byte[]? security = null) => Volume(volume =>
    {
        GuestPath file = GuestPath.Parse(path);
        CreateFolders(volume, file.Parent);
        volume.Create(file, new NtfsCreateProperties { SecurityDescriptor = security });
        Write(volume, file, string.Empty, Encoding.UTF8.GetBytes(text));
    });

    public WindowsDiskBuilder Folder(string path, byte[]? security = null) => Volume(volume =>
    {
        GuestPath folder = GuestPath.Parse(path);
        CreateFolders(volume, folder.Parent);
        volume.Create(folder, new NtfsCreateProperties { IsDirectory = true, SecurityDescriptor = security });
    });

    public WindowsDiskBuilder Stream(string path, string stream, string text) => Volume(volume =>
    {
        volume.CreateStream(GuestPath.Parse(path), stream);
        Write(volume, GuestPath.Parse(path), stream, Encoding.UTF8.GetBytes(text));
    });

    public WindowsDiskBuilder Volume(Action<NtfsVolume> change)
    {
        _files.Add(change);
        return this;
    }

    public MemoryDisk Build()
    {
        var disk = new MemoryDisk(Size);
        NtfsFormatter.Format(disk, new NtfsFormatOptions { SerialNumber = 0x1234_5678, UtcNow = Now, Label = "Windows" });
        using NtfsVolume volume = NtfsVolume.Open(disk, new NtfsOpenOptions { Writable = true, UtcNow = () => Now });
        if (WindowsFolder.Length > 0)
        {
            AddHives(volume, WindowsFolder);
        }

        _files.ForEach(change => change(volume));
        volume.Flush();
        return disk;
    }

    /// <summary>Puts the five hives into a folder of the volume.</summary>
    public void AddHives(NtfsVolume volume, string windowsFolder)
    {
        GuestPath config = GuestPath.Parse(windowsFolder + @"\System32\config");
        CreateFolders(volume, config);
        foreach ((string name, List<Action<RegistryHive>> changes) in _hives)
        {
            volume.Create(config.Append(name), new NtfsCreateProperties());
            using IBlockFile file = volume.OpenStream(config.Append(name), writable: true);
            using RegistryHive hive = RegistryHive.CreateEmpty(file, new RegistryCreateOptions { UtcNow = () => Now });
            changes.ForEach(change => change(hive));
            hive.Commit();
        }
    }

    private static void CreateFolders(NtfsVolume volume, GuestPath folder)
    {
        if (volume.Find(folder) is null)
        {
            CreateFolders(volume, folder.Parent);
            volume.Create(folder, new NtfsCreateProperties { IsDirectory = true });
        }
    }

    private static void Write(NtfsVolume volume, GuestPath path, string stream, byte[] bytes)
    {
        using IBlockFile file = volume.OpenStream(path, stream, writable: true);
        file.WriteAt(0, bytes);
    }
}
