using System.Security.Cryptography;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Simulation.Machines;

/// <summary>A lab of a test's own, with everything that swaps in it.</summary>
public sealed class SwapWorld : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<LabCall> _calls = [];

    private SwapWorld()
    {
    }

    public ManualClock Clock { get; } = new();

    /// <summary>Where the disks are, and the identities that are copied out; the lab's records and the store are real files.</summary>
    public IHostFileSystem Files { get; set; } = new HostFileSystem();

    public LabContents Contents { get; private set; } = null!;

    public LabHypervisor Lab { get; private set; } = null!;

    public VmUpdateStore Store { get; private set; } = null!;

    public IIdentityStore Identities { get; set; } = null!;

    public PoolService Pools => new(Lab, Store);

    public string V1 => Contents.PresentMaster;

    public string V2 => Contents.NextMaster;

    /// <summary>The first pooled machine, off.</summary>
    public VmKey Vm => Contents.Pooled[0];

    /// <summary>Called before and after each call to the host; what it throws, the call fails with.</summary>
    public Action<LabCall, bool>? OnCall { get; set; }

    /// <summary>Whether the host has differencing disks; counts from the next <see cref="Reopen"/>.</summary>
    public bool HasDifferencingDisks { get; set; } = true;

    /// <summary>Whether the guests can be asked.</summary>
    public bool WithGuests { get; set; } = true;

    public IReadOnlyList<LabCall> Calls => _calls;

    public string Folder => _folder.Path;

    public static async Task<SwapWorld> CreateAsync(int pooled = 1, IHostFileSystem? files = null, LabTimings? timings = null)
    {
        var world = new SwapWorld { Files = files ?? new HostFileSystem() };
        var plan = new LabPlan
        {
            PooledCount = pooled,
            WithRefusedMachine = false,
            Timings = timings ?? LabTimings.None,
            DiskLength = 32L << 20,
        };
        world.Contents = await LabFactory.CreateAsync(
            world._folder.File("lab"), plan, new LabOptions { Files = new HostFileSystem(), Clock = world.Clock }, CancellationToken.None);
        world.Reopen();
        foreach (VmKey vm in world.Contents.Pooled)
        {
            await world.Lab.SetStateAsync(vm, VmPowerState.Off, CancellationToken.None);
        }

        return world;
    }

    /// <summary>Everything anew, as another process would open it.</summary>
    public void Reopen()
    {
        Store?.Dispose();
        Lab = LabHypervisor.Open(_folder.File("lab"), new LabOptions
        {
            Files = new HostFileSystem(),
            DiskFiles = Files,
            Clock = Clock,
            HasDifferencingDisks = HasDifferencingDisks,
            BeforeCall = call =>
            {
                lock (_calls)
                {
                    _calls.Add(call);
                }

                OnCall?.Invoke(call, false);
            },
            AfterCall = call => OnCall?.Invoke(call, true),
        });
        Store = VmUpdateStore.Open(Lab.StoreFolder, new StoreOptions { Files = new HostFileSystem(), Clock = Clock });
        Identities = new MemoryIdentityStore();
    }

    /// <summary>The lab's records and the store as they are now; not the disks.</summary>
    public Dictionary<string, byte[]> Snapshot()
    {
        // Closing the store folds its log into it: only without an open one are the files all there is.
        Store.Dispose();
        return RecordFolders().SelectMany(Directory.GetFiles).ToDictionary(path => path, File.ReadAllBytes);
    }

    /// <summary>Puts the lab's records and the store back as they were, and opens everything anew.</summary>
    public void Reset(Dictionary<string, byte[]> snapshot)
    {
        Store.Dispose();
        foreach (string path in RecordFolders().SelectMany(Directory.GetFiles))
        {
            File.Delete(path);
        }

        foreach ((string path, byte[] bytes) in snapshot)
        {
            File.WriteAllBytes(path, bytes);
        }

        Reopen();
    }

    private string[] RecordFolders() => [Lab.StoreFolder, Path.Combine(Lab.Folder, "machines")];

    public FolderIdentityStore OpenFolderStore() =>
        new(Files.CreateFolder(Lab.IdentityFolder, ownerOnly: true), Guid.NewGuid);

    public PooledImageUpdater Updater() => new(new UpdaterServices
    {
        Hypervisor = Lab,
        Sessions = Lab,
        Guests = WithGuests ? Lab : null,
        Store = Store,
        Files = Files,
        Identities = Identities,
        Catalogue = IdentityCatalogue.LoadBuiltIn(),
        Clock = Clock,
    });

    public async Task<PooledVmUpdateResult> UpdateAsync(
        string master,
        SwapOptions? options = null,
        Action<SwapProgress>? progress = null,
        VmKey? vm = null,
        CancellationToken cancellation = default) =>
        (await Updater().UpdateAsync(
            VmSelection.ById((vm ?? Vm).VmId), (options ?? new SwapOptions()) with { MasterPath = master }, progress is null ? null : new Reporter(progress), cancellation))
        .Single();

    public async Task<PooledVmUpdateResult> RestoreAsync(SwapOptions? options = null, Action<SwapProgress>? progress = null) =>
        (await Updater().RestoreAsync(
            VmSelection.ById(Vm.VmId), options ?? new SwapOptions(), progress is null ? null : new Reporter(progress), CancellationToken.None))
        .Single();

    public async Task<string> BootPathAsync(VmKey? vm = null) =>
        (await Lab.GetDisksAsync(vm ?? Vm, CancellationToken.None)).Single(disk => disk.BootOrder == 0).Path;

    public async Task<VmPowerState> StateAsync(VmKey? vm = null) => (await Lab.GetAsync(vm ?? Vm, CancellationToken.None)).State;

    /// <summary>What makes the machine on a disk itself, and which programs it has, as lines of text.</summary>
    public static IReadOnlyList<string> Describe(string path, IHostFileSystem? files = null)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = files ?? new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        var lines = new List<string>();
        Add(HiveName.System, @"ControlSet001\Control\ComputerName\ComputerName", "ComputerName");
        Add(HiveName.System, @"ControlSet001\Services\Tcpip\Parameters", "Hostname");
        Add(HiveName.System, @"ControlSet001\Services\Tcpip\Parameters", "NV Hostname");
        Add(HiveName.System, @"ControlSet001\Services\Tcpip6\Parameters", "Dhcpv6DUID");
        Add(HiveName.Software, @"Microsoft\Cryptography", "MachineGuid");
        Add(HiveName.Software, @"Microsoft\SQMClient", "MachineId");
        Add(HiveName.Software, @"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientId");
        Add(HiveName.Software, @"Microsoft\MSMQ\Parameters\MachineCache", "QMId");
        Add(HiveName.Software, @"Wow6432Node\Tanium\Tanium Client", "ComputerID");
        Add(HiveName.Software, @"Microsoft\Windows Advanced Threat Protection", "senseGuid");
        var ssh = DiskFormats.GuestPath.Parse(@"ProgramData\ssh");
        if (guest.Volume.Find(ssh) is not null)
        {
            foreach (DiskFormats.Ntfs.NtfsEntry entry in guest.Volume.Enumerate(ssh))
            {
                lines.Add($"{entry.Path.Name}: {Hash(guest, entry.Path)}");
            }
        }

        return lines;

        void Add(HiveName hive, string key, string value)
        {
            RegistryValue? found = guest.OpenHive(hive).Find(key)?.FindValue(value);
            lines.Add($"{value}: {(found is null ? "none" : Convert.ToHexString(found.Data))}");
        }
    }

    /// <summary>The version of the programs on a disk: which master it is of.</summary>
    public static string VersionOn(string path, IHostFileSystem? files = null)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = files ?? new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return System.Text.Encoding.ASCII.GetString(ReadFile(guest, DiskFormats.GuestPath.Parse(@"Program Files\Contoso\version.txt")));
    }

    public static bool HasFile(string path, string file)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return guest.Volume.Find(DiskFormats.GuestPath.Parse(file)) is not null;
    }

    public static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }

    /// <summary>Every disk of the lab with its hash.</summary>
    public Dictionary<string, string> HashDisks() =>
        new[] { Lab.DiskFolder, Lab.MasterFolder }.SelectMany(Directory.GetFiles).ToDictionary(path => path, Sha256);

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    private static string Hash(GuestDisk guest, DiskFormats.GuestPath path) => Convert.ToHexString(SHA256.HashData(ReadFile(guest, path)));

    private static byte[] ReadFile(GuestDisk guest, DiskFormats.GuestPath path)
    {
        using IBlockFile stream = guest.Volume.OpenStream(path);
        byte[] bytes = new byte[stream.Length];
        stream.ReadAt(0, bytes);
        return bytes;
    }

    private sealed class Reporter(Action<SwapProgress> report) : IProgress<SwapProgress>
    {
        public void Report(SwapProgress value) => report(value);
    }
}
