using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Machines;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Lab.Tests;

/// <summary>A lab of personal machines of a test's own, in real time, and the real broker on it.</summary>
internal sealed class BrokerLab : IDisposable
{
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
        made.Machines = await PersonalLab.CreateAsync(made._folder.File("lab"), machines, timings);
        made.Reopen();
        made.SetLimits(limits ?? new HostLimits { MaxAwake = 4, MaxAwakePerVolume = 4 });
        return made;
    }

    /// <summary>Everything anew, as another process would open it.</summary>
    public void Reopen(Action<LabCall>? beforeCall = null, Action<LabCall>? afterCall = null)
    {
        Store?.Dispose();
        Lab = LabHypervisor.Open(_folder.File("lab"), new LabOptions { Files = new HostFileSystem(), BeforeCall = beforeCall, AfterCall = afterCall });
        Store = PersonalLab.OpenStore(Lab);
    }

    public void SetLimits(HostLimits limits) => Store.Write(t => t.SaveLimits(
        Lab.HostId, limits with { SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero }, SystemClock.Instance.UtcNow));

    public BrokerServices Services(IHostMetrics? metrics = null, TimeSpan? callLimit = null, LabGuests? guests = null) => new()
    {
        Store = Store, Hypervisor = Lab, Metrics = metrics ?? Lab,
        Sessions = guests is null ? Lab : guests, Guests = guests is null ? Lab : guests,
        LookEvery = TimeSpan.FromMilliseconds(100), AskStoreEvery = TimeSpan.FromMilliseconds(500),
        CallLimit = callLimit ?? TimeSpan.FromMinutes(1), LookLimit = callLimit ?? TimeSpan.FromMinutes(1),
    };

    public async Task SetAllAsync(VmPowerState state)
    {
        foreach (VmKey vm in Machines)
        {
            await Lab.SetStateAsync(vm, state, CancellationToken.None);
        }
    }

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

    public async Task<BrokerReport> WorkAsync(BrokerUntil until = BrokerUntil.NothingDue, IHostMetrics? metrics = null)
    {
        using TaskBroker broker = TaskBroker.Open(Services(metrics));
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
