using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Lab.Tests;

/// <summary>A lab of personal machines of a test's own, in real time, and the real broker on it.</summary>
internal sealed class BrokerLab : IDisposable
{
    public static readonly LabTimings Fast = new()
    {
        Start = TimeSpan.FromMilliseconds(20),
        Restore = TimeSpan.FromMilliseconds(10),
        ShutDown = TimeSpan.FromMilliseconds(20),
        Save = TimeSpan.FromMilliseconds(10),
        Guest = TimeSpan.FromMilliseconds(20),
        Searching = TimeSpan.FromMilliseconds(20),
        Downloading = TimeSpan.FromMilliseconds(20),
        Applying = TimeSpan.FromMilliseconds(60),
        Away = TimeSpan.FromMilliseconds(60),
        Restart = TimeSpan.FromMilliseconds(60),
    };

    private readonly TempFolder _folder = new();
    private int _tasks;

    private BrokerLab()
    {
    }

    public static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(90)).Token;

    public LabHypervisor Lab { get; private set; } = null!;

    public VmUpdateStore Store { get; private set; } = null!;

    public IReadOnlyList<VmKey> Machines { get; private set; } = [];

    public static async Task<BrokerLab> CreateAsync(int machines, HostLimits? limits = null, LabTimings? timings = null)
    {
        var made = new BrokerLab();
        var plan = new LabPlan { PooledCount = 0, PersonalCount = machines, Timings = timings ?? Fast, DiskLength = 32L << 20 };
        LabContents contents = await LabFactory.CreateAsync(made._folder.File("lab"), plan, new LabOptions { Files = new HostFileSystem() }, CancellationToken.None);
        made.Machines = contents.Personal;
        made.Reopen();
        made.SetLimits(limits ?? new HostLimits { MaxAwake = 4, MaxAwakePerVolume = 4 });
        return made;
    }

    /// <summary>Everything anew, as another process would open it.</summary>
    public void Reopen(Action<LabCall>? beforeCall = null)
    {
        Store?.Dispose();
        Lab = LabHypervisor.Open(_folder.File("lab"), new LabOptions { Files = new HostFileSystem(), BeforeCall = beforeCall });
        Store = VmUpdateStore.Open(Lab.StoreFolder, new StoreOptions { Files = new HostFileSystem() });
    }

    public void SetLimits(HostLimits limits) => Store.Write(t => t.SaveLimits(
        Lab.HostId, limits with { SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero }, SystemClock.Instance.UtcNow));

    public BrokerServices Services() => new()
    {
        Store = Store, Hypervisor = Lab, Metrics = Lab, Sessions = Lab, Guests = Lab,
        LookEvery = TimeSpan.FromMilliseconds(100), AskStoreEvery = TimeSpan.FromMilliseconds(500),
    };

    public UpdateTask Register(Func<UpdateTask, UpdateTask>? change = null, TaskPayload? payload = null, params VmKey[] machines)
    {
        TaskPayload given = payload ?? TaskPayload.FromCommand("update");
        var task = new UpdateTask
        {
            Id = Guid.NewGuid(), Name = $"task {++_tasks}", Kind = UpdateTaskKind.ApplicationUpgrade, Instructor = "Test", Payload = given.Info,
            Targets = new TaskTargets { Kinds = TargetKinds.Personal }, Timeouts = PhaseTimeouts.Of(UpdateTaskKind.ApplicationUpgrade), MaxRestarts = 1,
            Registered = SystemClock.Instance.UtcNow,
        };
        task = change?.Invoke(task) ?? task;
        var registrar = new TaskRegistrar(Store, Lab.HostId, () => WakeSignal.Send(Store.Path, Lab.HostId));
        registrar.Add(task, given, [.. (machines.Length > 0 ? machines : Machines).Select(Target)]);
        registrar.Complete();
        return task;
    }

    public async Task<BrokerReport> WorkAsync(BrokerUntil until = BrokerUntil.NothingDue)
    {
        using TaskBroker broker = TaskBroker.Open(Services());
        return await broker.RunAsync(until, CancellationToken.None, Soon);
    }

    public async Task<IReadOnlyList<VmPowerState>> StatesAsync() =>
        [.. (await Lab.ListAsync(CancellationToken.None)).OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => m.State)];

    public UpdateRun RunOf(VmKey vm) => Store.GetRuns(Lab.HostId).Single(r => r.Vm == vm);

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    private TargetMachine Target(VmKey vm) => new(vm, Lab.GetAsync(vm, CancellationToken.None).Result.Name, TargetKinds.Personal, null, 2L << 30);
}
