using System.Buffers.Binary;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Images;

/// <summary>Puts the guest agent into an image with Windows: its files, its folders, its service. The image is only read; the result is a new file.</summary>
public sealed class AgentInstaller
{
    /// <summary>The service's name.</summary>
    public const string ServiceName = "vmupdate-agent";

    private const string ImagePath = "\"%ProgramFiles%\\VmUpdate\\vmupdate-agent.exe\" run";
    private const string ServicesKey = "CurrentControlSet\\Services";
    private const string FrameworkKey = "Microsoft\\NET Framework Setup\\NDP\\v4\\Full";
    private const int NeededFramework = 461808; // 4.7.2
    private const int MaxFileLength = 16 << 20;
    private const uint Text = 1;
    private const uint ExpandedText = 2;
    private const uint Binary = 3;
    private const uint Number = 4;

    private static readonly string[] Endings = [".exe", ".dll", ".config"];
    private static readonly GuestPath Folder = GuestPath.Parse("Program Files\\VmUpdate");
    private static readonly GuestPath StateFolder = GuestPath.Parse("ProgramData\\VmUpdate");

    /// <summary>SERVICE_FAILURE_ACTIONS as the registry holds it: counted anew after a day; restarted after 5 s, each time.</summary>
    private static readonly byte[] FailureActions =
    [
        0x80, 0x51, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x14, 0, 0, 0, 1, 0, 0, 0, 0x88, 0x13, 0, 0,
    ];

    private readonly AgentInstallerOptions _options;
    private readonly NewMaster _masters;

    /// <summary>Makes the installer.</summary>
    /// <param name="options">How.</param>
    public AgentInstaller(AgentInstallerOptions options)
    {
        _options = options;
        _masters = new NewMaster(options.Files, options.NewGuid, options.AllowedParentFolders);
    }

    /// <summary>What would be done. Nothing is written.</summary>
    /// <param name="path">The image.</param>
    /// <returns>What would be done.</returns>
    /// <exception cref="VmUpdateException">The image cannot be read, or the agent not be put into it; the agent's files are not there.</exception>
    public AgentInstallResult Plan(string path)
    {
        IReadOnlyList<(string Name, byte[] Bytes)> files = ReadFiles();
        AgentInstallResult? result = null;
        _masters.Try(path, disk =>
        {
            using GuestDisk guest = Open(disk, path);
            result = Install(guest, files);
        });
        return result!;
    }

    /// <summary>Makes the new image.</summary>
    /// <param name="path">The old one. It may be a child of another; the new one is not.</param>
    /// <param name="destination">The new file, which must not exist.</param>
    /// <param name="progress">Is told how many percent of the disk are copied, each number once; then the new file is read back.</param>
    /// <param name="cancellation">Ends the work; no file is left then.</param>
    /// <returns>What was done. The new file was read back and compared.</returns>
    /// <exception cref="VmUpdateException">As with <see cref="Plan"/>; or the new file exists or cannot be written.</exception>
    public AgentInstallResult Install(string path, string destination, Action<int>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<(string Name, byte[] Bytes)> files = ReadFiles();
        AgentInstallResult? result = null;
        _masters.Make(
            path,
            destination,
            disk =>
            {
                using GuestDisk guest = Open(disk, path);
                result = Install(guest, files);
                guest.Commit();
                return guest.Partition;
            },
            made => Check(made, files),
            progress,
            cancellation);
        return result!;
    }

    private GuestDisk Open(IDisk disk, string subject) => GuestDisk.Open(disk, new GuestDiskOptions { Subject = subject, Writable = true, UtcNow = _options.UtcNow });

    private List<(string Name, byte[] Bytes)> ReadFiles()
    {
        IHostFolder folder = _options.Files.OpenFolder(_options.AgentFolder);
        var files = new List<(string Name, byte[] Bytes)>();
        foreach (string name in folder.Enumerate().Where(name => Endings.Contains(Path.GetExtension(name))).OrderBy(name => name, StringComparer.Ordinal))
        {
            using IBlockFile file = folder.Open(name, HostFileMode.Read);
            if (file.Length > MaxFileLength)
            {
                throw new HostFileException(
                    HostFileFailure.Io, Path.Combine(folder.Path, name), $"it has {file.Length} bytes, and a file of the agent has at most {MaxFileLength}.");
            }

            var bytes = new byte[file.Length];
            file.ReadAt(0, bytes);
            files.Add((name, bytes));
        }

        return files.Any(file => file.Name == ServiceName + ".exe")
            ? files
            : throw new HostFileException(
                HostFileFailure.NotFound, Path.Combine(folder.Path, ServiceName + ".exe"), "the guest agent's files for Windows are not in this folder.");
    }

    private static AgentInstallResult Install(GuestDisk guest, IReadOnlyList<(string Name, byte[] Bytes)> files)
    {
        if (guest.Volume.HasSnapshots)
        {
            throw new IdentityException(
                IdentityFailure.MasterHasSnapshots,
                guest.Subject,
                "its Windows volume has shadow copies (restore points), which what is changed without Windows would break. "
                + "Delete them first: vssadmin delete shadows /all.");
        }

        bool wasInstalled = FindService(guest) is not null;
        AddFolder(guest, Folder, AgentRights.ReadByUsers);
        foreach (NtfsEntry old in guest.Volume.Enumerate(Folder).Where(entry => !entry.IsDirectory).ToList())
        {
            guest.Volume.Delete(old.Path);
        }

        foreach ((string name, byte[] bytes) in files)
        {
            GuestPath path = Folder.Append(name);
            guest.Volume.Create(path, new NtfsCreateProperties());
            using IBlockFile file = guest.Volume.OpenStream(path, writable: true);
            file.SetLength(bytes.Length);
            file.WriteAt(0, bytes);
        }

        AddFolder(guest, Folder.Append("update-agents.d"), null);
        AddFolder(guest, StateFolder, AgentRights.Private);
        AddService(guest);
        return new AgentInstallResult(Folder.ToString(), [.. files.Select(file => file.Name)], wasInstalled, FindWarnings(guest));
    }

    private static void AddFolder(GuestDisk guest, GuestPath path, byte[]? rights)
    {
        if (!path.Parent.Equals(GuestPath.Root))
        {
            AddFolder(guest, path.Parent, null);
        }

        switch (guest.Volume.Find(path))
        {
            case null:
                guest.Volume.Create(path, new NtfsCreateProperties { IsDirectory = true, SecurityDescriptor = rights });
                break;
            case { IsDirectory: false }:
                throw new IdentityException(
                    IdentityFailure.NameClash, guest.Subject, $"{path} is to be a folder of the guest agent, and the image has a file of that name.", path.ToString());
            case not null when rights is not null:
                guest.Volume.SetSecurityDescriptor(path, rights);
                break;
        }
    }

    private static RegistryKey? FindService(GuestDisk guest) =>
        guest.OpenHive(HiveName.System).Find(guest.ResolveKey(HiveName.System, FirstBootManifest.AgentServiceKey));

    private static void AddService(GuestDisk guest)
    {
        RegistryKey services = guest.OpenHive(HiveName.System).Find(guest.ResolveKey(HiveName.System, ServicesKey))
            ?? throw new IdentityException(IdentityFailure.HiveIncomplete, guest.Subject, $"its hive SYSTEM has no key {ServicesKey}.", ServicesKey);
        RegistryKey service = FindService(guest) ?? services.CreateSubKey(ServiceName);
        SetNumber(service, "Type", 0x10); // a process of its own
        SetNumber(service, "Start", 2); // with Windows
        SetNumber(service, "ErrorControl", 1);
        SetText(service, "ImagePath", ExpandedText, ImagePath);
        SetText(service, "DisplayName", Text, "VmUpdate guest agent");
        SetText(service, "Description", Text, "Takes update tasks from the host of this virtual machine, and hands requests to it.");
        SetText(service, "ObjectName", Text, "LocalSystem");
        service.SetValue("FailureActions", Binary, FailureActions);
    }

    private static List<string> FindWarnings(GuestDisk guest)
    {
        RegistryValue? release = guest.HasHive(HiveName.Software) ? guest.OpenHive(HiveName.Software).Find(FrameworkKey)?.FindValue("Release") : null;
        int number = release is { Data.Length: 4 } ? BinaryPrimitives.ReadInt32LittleEndian(release.Data) : 0;
        return number >= NeededFramework
            ? []
            : [number == 0
                ? "the image does not say which .NET Framework it has; the agent needs 4.7.2 or later."
                : $"the image's .NET Framework is release {number}, and the agent needs {NeededFramework} (4.7.2) or later."];
    }

    private void Check(string path, IReadOnlyList<(string Name, byte[] Bytes)> files)
    {
        _masters.Try(path, disk =>
        {
            using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
            foreach ((string name, byte[] bytes) in files)
            {
                using IBlockFile file = guest.Volume.OpenStream(Folder.Append(name));
                var read = new byte[file.Length];
                file.ReadAt(0, read);
                if (!read.AsSpan().SequenceEqual(bytes))
                {
                    throw Differs(path, Folder.Append(name).ToString());
                }
            }

            if (FindService(guest)?.FindValue("ImagePath") is not { } value || GuestDisk.TextOf(value) != ImagePath)
            {
                throw Differs(path, FirstBootManifest.AgentServiceKey);
            }
        });
    }

    private static IdentityException Differs(string path, string place) => new(
        IdentityFailure.ResultDiffers, path, $"read back, the new image does not hold what was written to {place}: it was deleted.", place);

    private static void SetText(RegistryKey key, string name, uint type, string text) => key.SetValue(name, type, Encoding.Unicode.GetBytes(text + '\0'));

    private static void SetNumber(RegistryKey key, string name, int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        key.SetValue(name, Number, bytes);
    }
}
