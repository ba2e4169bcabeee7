using System.Globalization;
using System.Text;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>A powered-off machine's disk, down to its one Windows folder and the hives in it. Not for use by several threads.</summary>
public sealed class GuestDisk : IDisposable
{
    private const string CurrentControlSetName = "CurrentControlSet";

    // SYSTEM last: until it is written, the disk is still the machine that the master was.
    private static readonly HiveName[] CommitOrder =
        [HiveName.Software, HiveName.Security, HiveName.Sam, HiveName.Default, HiveName.System];

    private readonly GuestDiskOptions _options;
    private readonly IBlockDevice _partition;
    private readonly Dictionary<HiveName, OpenedHive> _hives = [];
    private string? _currentControlSet;
    private long? _windowsBuild;
    private MachineSid? _machineSid;
    private bool _machineSidRead;

    private GuestDisk(GuestDiskOptions options, PartitionTableKind division, Partition place, IBlockDevice partition, NtfsVolume volume, GuestPath windowsFolder)
    {
        _options = options;
        Division = division;
        Partition = place;
        _partition = partition;
        Volume = volume;
        WindowsFolder = windowsFolder;
    }

    /// <summary>What messages call the disk.</summary>
    public string Subject => _options.Subject;

    /// <summary>The volume that holds the Windows folder.</summary>
    public NtfsVolume Volume { get; }

    /// <summary>How the disk is divided.</summary>
    internal PartitionTableKind Division { get; }

    /// <summary>The partition that the volume fills.</summary>
    internal Partition Partition { get; }

    /// <summary>The Windows folder, a folder in the volume's root.</summary>
    public GuestPath WindowsFolder { get; }

    /// <summary>Whether it was opened for writing.</summary>
    public bool IsWritable => _options.Writable;

    /// <summary>The build number, from SOFTWARE; 0 when the hive does not say.</summary>
    public long WindowsBuild => _windowsBuild ??= ReadWindowsBuild();

    /// <summary>The name of the control set the machine starts with, through <c>Select\Current</c>: <c>ControlSet001</c>.</summary>
    public string CurrentControlSet => _currentControlSet ??= ReadCurrentControlSet();

    /// <summary>The SID of the machine's own account domain, from SAM; <see langword="null"/> when SAM has no accounts.</summary>
    public MachineSid? MachineSid
    {
        get
        {
            if (!_machineSidRead)
            {
                _machineSid = Identity.MachineSid.Read(this);
                _machineSidRead = true;
            }

            return _machineSid;
        }
    }

    /// <summary>Finds the one Windows folder on a disk.</summary>
    /// <param name="disk">The disk. Left open by <see cref="Dispose"/>.</param>
    /// <param name="options">How.</param>
    /// <returns>The opened disk.</returns>
    /// <exception cref="IdentityException">There is no Windows folder, or more than one.</exception>
    /// <exception cref="DiskFormatException">A volume that may hold it is encrypted, dirty, hibernated or damaged.</exception>
    public static GuestDisk Open(IDisk disk, GuestDiskOptions options)
    {
        var found = new List<(Partition Place, IBlockDevice Device, NtfsVolume Volume, GuestPath Folder)>();
        DiskFormatException? unreadable = null;
        try
        {
            PartitionTable table = Named(options, () => PartitionTable.Read(disk));
            foreach (Partition partition in table.Partitions)
            {
                try
                {
                    Search(partition, partition.Open(disk), found);
                }
                catch (DiskFormatException failure)
                {
                    // It may be a data volume that nobody asks for: it counts only when no Windows folder is found elsewhere.
                    unreadable ??= failure.In($"{options.Subject}, partition {partition.Number.ToString(CultureInfo.InvariantCulture)}");
                }
            }

            if (found.Count != 1)
            {
                throw NotOne(options, found.Select(f => f.Folder).ToList(), unreadable);
            }

            (Partition place, IBlockDevice device, NtfsVolume volume, GuestPath folder) = found[0];
            if (options.Writable)
            {
                volume.Dispose();
                volume = Named(options, () => NtfsVolume.Open(device, new NtfsOpenOptions { Writable = true, UtcNow = options.UtcNow }));
            }

            found.Clear();
            return new GuestDisk(options, table.Kind, place, device, volume, folder);
        }
        finally
        {
            foreach ((_, IBlockDevice device, NtfsVolume volume, _) in found)
            {
                volume.Dispose();
                device.Dispose();
            }
        }
    }

    /// <summary>Opens a hive; its transaction logs are replayed where it needs them. The same object comes back each time.</summary>
    /// <param name="name">Which.</param>
    /// <returns>The hive. It lives as long as the disk.</returns>
    /// <exception cref="IdentityException">It is not in the Windows folder.</exception>
    /// <exception cref="DiskFormatException">It is damaged.</exception>
    public RegistryHive OpenHive(HiveName name)
    {
        if (!_hives.TryGetValue(name, out OpenedHive? opened))
        {
            opened = Named(_options, () => OpenedHive.Open(Volume, HivePath(name), _options));
            _hives.Add(name, opened);
        }

        return opened.Hive;
    }

    /// <summary>Whether a hive is in the Windows folder.</summary>
    /// <param name="name">Which.</param>
    /// <returns><see langword="true"/> when it is.</returns>
    public bool HasHive(HiveName name) => _hives.ContainsKey(name) || Volume.Find(HivePath(name)) is { IsDirectory: false };

    /// <summary>
    /// A key's path on this disk: <c>CurrentControlSet</c>, which exists only while Windows runs, becomes the name of the current set.
    /// </summary>
    /// <param name="hive">The hive.</param>
    /// <param name="key">The key's path in it.</param>
    /// <returns>The path on this disk.</returns>
    public string ResolveKey(HiveName hive, string key)
    {
        bool isRelative = hive == HiveName.System
            && key.StartsWith(CurrentControlSetName, StringComparison.OrdinalIgnoreCase)
            && (key.Length == CurrentControlSetName.Length || key[CurrentControlSetName.Length] == '\\');
        return isRelative ? CurrentControlSet + key.Substring(CurrentControlSetName.Length) : key;
    }

    /// <summary>Writes all changed hives, SYSTEM last, then what the volume holds back.</summary>
    public void Commit()
    {
        foreach (HiveName name in CommitOrder)
        {
            if (_hives.TryGetValue(name, out OpenedHive? opened))
            {
                Named(_options, opened.Hive.Commit);
            }
        }

        Named(_options, Volume.Flush);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (OpenedHive opened in _hives.Values)
        {
            opened.Dispose();
        }

        _hives.Clear();
        Volume.Dispose();
        _partition.Dispose();
    }

    internal static string TextOf(RegistryValue value) => Encoding.Unicode.GetString(value.Data).TrimEnd('\0');

    private static void Search(
        Partition place, IBlockDevice device, List<(Partition Place, IBlockDevice Device, NtfsVolume Volume, GuestPath Folder)> found)
    {
        NtfsVolume? volume = null;
        int before = found.Count;
        try
        {
            NtfsProbe probe = NtfsVolume.Probe(device);
            if (probe == NtfsProbe.Other)
            {
                return;
            }

            // A BitLocker volume is opened too: the refusal with its remedy is the volume's own.
            volume = NtfsVolume.Open(device, new NtfsOpenOptions());
            foreach (NtfsEntry entry in volume.Enumerate(GuestPath.Root))
            {
                if (entry.IsDirectory && entry.ReparseTag == 0 && IsWindowsFolder(volume, entry.Path))
                {
                    found.Add((place, device, volume, entry.Path));
                }
            }
        }
        finally
        {
            if (found.Count == before)
            {
                volume?.Dispose();
                device.Dispose();
            }
        }
    }

    private static bool IsWindowsFolder(NtfsVolume volume, GuestPath folder)
    {
        GuestPath config = folder.Append("System32").Append("config");
        return volume.Find(config.Append("SYSTEM")) is { IsDirectory: false }
            && volume.Find(config.Append("SOFTWARE")) is { IsDirectory: false };
    }

    private static VmUpdateException NotOne(GuestDiskOptions options, List<GuestPath> folders, DiskFormatException? unreadable)
    {
        if (folders.Count > 0)
        {
            return new IdentityException(
                IdentityFailure.SeveralWindowsFolders,
                options.Subject,
                $"it holds {folders.Count} Windows folders ({string.Join(", ", folders)}), and which of them the machine starts cannot be known.");
        }

        return unreadable as VmUpdateException ?? new IdentityException(
            IdentityFailure.NoWindowsFolder,
            options.Subject,
            "no volume on it holds a Windows folder (one with System32\\config\\SYSTEM and SOFTWARE): it is not a machine's boot disk.");
    }

    private static T Named<T>(GuestDiskOptions options, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (DiskFormatException failure) when (failure.Subject.Length == 0)
        {
            throw failure.In(options.Subject);
        }
    }

    private static void Named(GuestDiskOptions options, Action work) => Named(options, () =>
    {
        work();
        return true;
    });

    private GuestPath HivePath(HiveName name) =>
        WindowsFolder.Append("System32").Append("config").Append(name.ToString().ToUpperInvariant());

    private string ReadCurrentControlSet()
    {
        RegistryValue? current = OpenHive(HiveName.System).Find("Select")?.FindValue("Current");
        if (current is null || current.Data.Length != sizeof(uint))
        {
            throw new IdentityException(
                IdentityFailure.HiveIncomplete, Subject, "the SYSTEM hive has no value Select\\Current, so its control set is unknown.");
        }

        string name = "ControlSet" + BitConverter.ToUInt32(current.Data, 0).ToString("D3", CultureInfo.InvariantCulture);
        return OpenHive(HiveName.System).Find(name) is null
            ? throw new IdentityException(
                IdentityFailure.HiveIncomplete, Subject, $"Select\\Current of the SYSTEM hive names {name}, which is not in it.")
            : name;
    }

    private long ReadWindowsBuild()
    {
        RegistryKey? version = OpenHive(HiveName.Software).Find("Microsoft\\Windows NT\\CurrentVersion");
        RegistryValue? build = version?.FindValue("CurrentBuildNumber") ?? version?.FindValue("CurrentBuild");
        return build is not null && long.TryParse(TextOf(build), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
    }
}
