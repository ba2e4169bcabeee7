using System.Text.Json;
using System.Text.Json.Serialization;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Lab;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Simulation.Machines;

/// <summary>A lab of a test's own, in real time as the broker works in it, with a pool of two machines whose master is to be updated.</summary>
public sealed class VersionWorld : IDisposable
{
    /// <summary>What the task leaves in the version.</summary>
    public const string ChangedFile = @"Program Files\Contoso\patch.txt";

    /// <summary>The build machine of the first version that is made.</summary>
    public const string BuildMachine = "Lab-v2-build";

    private static readonly JsonSerializerOptions ScriptJson = new() { Converters = { new JsonStringEnumConverter() } };

    private readonly TempFolder _folder = new();

    private VersionWorld()
    {
    }

    public LabContents Contents { get; private set; } = null!;

    public LabHypervisor Lab { get; private set; } = null!;

    public VmUpdateStore Store { get; private set; } = null!;

    /// <summary>Where the disks are.</summary>
    public IHostFileSystem Files { get; set; } = new HostFileSystem();

    /// <summary>Whether the host has differencing disks; counts from the next <see cref="Reopen"/>.</summary>
    public bool HasDifferencingDisks { get; set; } = true;

    /// <summary>Called before and after each call to the host; what it throws, the call fails with.</summary>
    public Action<LabCall, bool>? OnCall { get; set; }

    public string Pool => Contents.Pool;

    /// <summary>The pool's master in the beginning.</summary>
    public string V1 => Contents.PresentMaster;

    /// <summary>The pool's master now.</summary>
    public string Master => Store.FindPool(Lab.HostId, Pool)!.MasterPath;

    public static async Task<VersionWorld> CreateAsync(LabTimings? timings = null)
    {
        var world = new VersionWorld();
        var plan = new LabPlan
        {
            PoolName = "Lab", PooledCount = 2, WithRefusedMachine = false, Timings = timings ?? LabTimings.None, DiskLength = 32L << 20,
        };
        world.Contents = await LabFactory.CreateAsync(
            world._folder.File("lab"), plan, new LabOptions { Files = new HostFileSystem() }, CancellationToken.None);
        world.Reopen();
        world.SetLimits(new HostLimits());
        foreach (VmKey vm in world.Contents.Pooled)
        {
            await world.Lab.SetStateAsync(vm, VmPowerState.Off, CancellationToken.None);
        }

        await world.ScriptAsync(new LabGuestScript());
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
            HasDifferencingDisks = HasDifferencingDisks,
            BeforeCall = call => OnCall?.Invoke(call, false),
            AfterCall = call => OnCall?.Invoke(call, true),
        });
        Store = VmUpdateStore.Open(Lab.StoreFolder, new StoreOptions { Files = new HostFileSystem() });
    }

    public void SetLimits(HostLimits limits) => Store.Write(t => t.SaveLimits(
        Lab.HostId, limits with { SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero }, SystemClock.Instance.UtcNow));

    /// <summary>Says what the guest of the next build machine does; it leaves <see cref="ChangedFile"/>.</summary>
    public async Task ScriptAsync(LabGuestScript script, string machine = BuildMachine)
    {
        string guests = Path.Combine(Lab.Folder, "guests");
        Directory.CreateDirectory(guests);
        string text = JsonSerializer.Serialize(
            script with
            {
                Files = new Dictionary<string, string> { [ChangedFile] = machine },
                SoftwareValues = new Dictionary<string, string> { [@"Contoso\Patch\Of"] = machine },
            },
            ScriptJson);
        await File.WriteAllTextAsync(Path.Combine(guests, machine + ".json"), text);
    }

    /// <summary>Does something to the build machine as soon as it is there.</summary>
    public void OnBuildMachine(Func<VmKey, Task> change) => OnCall = (call, isAfter) =>
    {
        if (isAfter && call.Operation == "CreateMachine")
        {
            change(BuildVmAsync().GetAwaiter().GetResult()!.Value).GetAwaiter().GetResult();
        }
    };

    /// <summary>The build machine, when there is one.</summary>
    public async Task<VmKey?> BuildVmAsync()
    {
        foreach (VirtualMachine machine in await Lab.ListAsync(CancellationToken.None))
        {
            if ((await Lab.GetMarksAsync(machine.Key, CancellationToken.None)).ContainsKey(VmMarks.Build))
            {
                return machine.Key;
            }
        }

        return null;
    }

    public UpdaterServices Images() => new()
    {
        Hypervisor = Lab,
        Sessions = Lab,
        Guests = Lab,
        Store = Store,
        Files = Files,
        Identities = new MemoryIdentityStore(),
        Catalogue = IdentityCatalogue.LoadBuiltIn(),
    };

    public BrokerServices Broker() => new()
    {
        Store = Store, Hypervisor = Lab, Metrics = Lab, Sessions = Lab, Guests = Lab,
        LookEvery = TimeSpan.FromMilliseconds(50), AskStoreEvery = TimeSpan.FromMilliseconds(100),
    };

    public ImageVersionService Versions(bool canBuild = true) => new(new VersionServices { Images = Images(), Broker = Broker(), Machines = canBuild ? Lab : null });

    public static BuildOptions Options(string command = "update", Func<BuildOptions, BuildOptions>? change = null)
    {
        TaskPayload payload = TaskPayload.FromCommand(command);
        var options = new BuildOptions
        {
            Payload = payload,
            Task = new UpdateTask
            {
                Id = default, Name = string.Empty, Kind = UpdateTaskKind.ApplicationUpgrade, Instructor = "Test", Payload = payload.Info,
                Targets = new TaskTargets(), MaxRestarts = 2, Registered = default,
                Timeouts = PhaseTimeouts.Of(UpdateTaskKind.ApplicationUpgrade) with { CleanStop = TimeSpan.FromSeconds(1) },
            },
        };
        return change?.Invoke(options) ?? options;
    }

    public Task<ImageVersion> BuildAsync(BuildOptions? options = null, Action<BuildProgress>? progress = null, CancellationToken cancellation = default) =>
        Versions().BuildAsync(Pool, options ?? Options(), progress is null ? null : new Reporter(progress), cancellation);

    /// <summary>What builds leave on the host: machines, and files beside the masters that were there.</summary>
    public async Task<IReadOnlyList<string>> TracesAsync() =>
    [
        .. (await Lab.ListAsync(CancellationToken.None)).Select(machine => machine.Name).Where(name => name.EndsWith("-build", StringComparison.Ordinal)),
        .. Directory.GetFiles(Lab.MasterFolder).Where(path => path != V1 && path != Contents.NextMaster && !Store.GetVersions(Lab.HostId, Pool).Any(v => v.Path == path)),
        .. Store.GetTasks(Lab.HostId).Select(task => task.Task.Name),
        .. Store.GetOpenRuns(Lab.HostId).Select(run => $"run {run.State}"),
        .. Store.GetAwakeMachines(Lab.HostId).Select(awake => $"awake {awake.VmName}"),
    ];

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    private sealed class Reporter(Action<BuildProgress> report) : IProgress<BuildProgress>
    {
        public void Report(BuildProgress value) => report(value);
    }
}
