using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using VmUpdate.Simulation.World;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

public sealed class TaskBrokerTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ScriptedHost _host = new();
    private readonly VmUpdateStore _store;

    public TaskBrokerTests()
    {
        _store = Open();
        _store.Write(t => t.SaveLimits(_host.HostId, new HostLimits { SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero }, Now));
    }

    private static DateTime Now => SystemClock.Instance.UtcNow;

    private static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private VmUpdateStore Open() => VmUpdateStore.Open(_folder.File("store"), new StoreOptions { Files = new HostFileSystem() });

    private TaskBroker OpenBroker(TimeSpan? askStoreEvery = null) => TaskBroker.Open(new BrokerServices
    {
        Store = _store, Hypervisor = _host, Metrics = _host, Sessions = _host, Guests = _host,
        LookEvery = TimeSpan.FromMilliseconds(200), AskStoreEvery = askStoreEvery ?? TimeSpan.FromSeconds(2),
    });

    private async Task HandedOverAsync()
    {
        CancellationToken soon = Soon;
        while (_host.HandedOver.IsEmpty)
        {
            await Task.Delay(5, soon);
        }
    }

    private TargetMachine Personal(int number, VmPowerState state)
    {
        VirtualMachine machine = _host.Add(number, state);
        _store.Write(t => t.SaveMachine(new MachineRecord(machine.Key, machine.Name, MachineRole.Personal, null)));
        return new TargetMachine(machine.Key, machine.Name, TargetKinds.Personal, null, 2L << 30);
    }

    private UpdateTask Register(UpdateTask task, params TargetMachine[] machines)
    {
        task = task with { Registered = Now };
        var registrar = new TaskRegistrar(_store, _host.HostId, () => WakeSignal.Send(_store.Path, _host.HostId));
        registrar.Add(task, TaskPayload.FromCommand("update"), machines);
        registrar.Complete();
        return task;
    }

    [Fact]
    public async Task Every_kind_of_power_state_comes_back_exactly()
    {
        VmPowerState[] states = [VmPowerState.Saved, VmPowerState.Off, VmPowerState.Paused, VmPowerState.Running];
        Register(SampleTask.Make(), [.. states.Select((s, n) => Personal(n + 1, s))]);
        using TaskBroker broker = OpenBroker();
        BrokerReport report = await broker.RunAsync(BrokerUntil.NothingDue, CancellationToken.None, Soon);
        Assert.Equal((4, 4, 0, 0), (report.Started, report.Succeeded, report.Failed, report.StillOpen));
        Assert.Equal(states, (await _host.ListAsync(default)).Select(m => m.State));
        Assert.Empty(report.LeftAwake);
        Assert.All(_store.GetRuns(_host.HostId), r => Assert.Equal(RunState.Succeeded, r.State));
        Assert.All(await _host.ListAsync(default), m => Assert.Empty(_host.GetMarksAsync(m.Key, default).Result));
        Assert.Contains(_store.GetJournal(_store.GetRuns(_host.HostId)[0].Id), j => j.State == RunState.Applying);
    }

    [Fact]
    public async Task The_payload_reaches_the_guest_byte_for_byte()
    {
        byte[] context = [0, 1, 2, 255, 10, 13, 0];
        TargetMachine vm = Personal(1, VmPowerState.Saved);
        TaskPayload payload = TaskPayload.FromContext(context);
        UpdateTask task = SampleTask.Make() with { Payload = payload.Info, Registered = Now };
        new TaskRegistrar(_store, _host.HostId, () => { }).Add(task with { IsUrgent = true }, payload, [vm]);
        using TaskBroker broker = OpenBroker();
        await broker.RunAsync(BrokerUntil.Empty, CancellationToken.None, Soon);
        Assert.Equal(context, Assert.Single(_host.HandedOver).Task.Payload.Bytes.ToArray());
    }

    [Fact]
    public async Task A_second_broker_on_the_host_is_refused_with_the_first_ones_process()
    {
        using TaskBroker broker = OpenBroker();
        StoreException refused = Assert.Throws<StoreException>(() => OpenBroker());
        Assert.Equal(StoreFailure.LeaseHeld, refused.Failure);
        Assert.Contains($"process {Environment.ProcessId} ", refused.Message, StringComparison.Ordinal);
        await broker.RunAsync(BrokerUntil.NothingDue, CancellationToken.None, Soon);
    }

    [Fact]
    public async Task An_urgent_task_reaches_a_waiting_broker_at_once()
    {
        TargetMachine vm = Personal(1, VmPowerState.Saved);
        using var stop = new CancellationTokenSource();
        using TaskBroker broker = OpenBroker(askStoreEvery: TimeSpan.FromHours(1));
        Task<BrokerReport> working = broker.RunAsync(BrokerUntil.Stopped, stop.Token, Soon);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        using (VmUpdateStore prompt = Open())
        {
            UpdateTask task = SampleTask.Make() with { IsUrgent = true, Registered = Now };
            new TaskRegistrar(prompt, _host.HostId, () => Assert.True(WakeSignal.Send(prompt.Path, _host.HostId)))
                .Add(task, TaskPayload.FromCommand("update"), [vm]);
        }

        // The broker does not ask the store by itself in this hour: only the signal can have told it.
        await HandedOverAsync();
        await stop.CancelAsync();
        Assert.Equal(1, (await working).Succeeded);
    }

    [Fact]
    public async Task A_lost_signal_is_made_good_by_the_stores_orders()
    {
        TargetMachine vm = Personal(1, VmPowerState.Saved);
        using var stop = new CancellationTokenSource();
        using TaskBroker broker = OpenBroker();
        Task<BrokerReport> working = broker.RunAsync(BrokerUntil.Stopped, stop.Token, Soon);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        UpdateTask task = SampleTask.Make() with { IsUrgent = true, Registered = Now };
        new TaskRegistrar(_store, _host.HostId, () => { }).Add(task, TaskPayload.FromCommand("update"), [vm]);
        await HandedOverAsync();
        await stop.CancelAsync();
        await working;
    }

    [Fact]
    public async Task A_broker_that_was_ended_in_the_midst_is_followed_by_one_that_asks_the_guest_and_finishes()
    {
        TargetMachine vm = Personal(1, VmPowerState.Saved);
        _host.Script = _ => [GuestStatus.Applying];
        Register(SampleTask.Make(), vm);
        using (var end = new CancellationTokenSource())
        {
            using TaskBroker first = OpenBroker();
            first.OnChanged = runs => { if (runs.Any(r => r.State == RunState.Applying)) { end.CancelAfter(50); } };
            BrokerReport report = await first.RunAsync(BrokerUntil.NothingDue, CancellationToken.None, end.Token);
            Assert.Equal(1, report.StillOpen);
            Assert.Single(report.LeftAwake);
        }

        UpdateRun run = _store.GetOpenRuns(_host.HostId).Single();
        Assert.Equal(RunState.Applying, run.State);
        using TaskBroker second = OpenBroker();
        Task<BrokerReport> working = second.RunAsync(BrokerUntil.Empty, CancellationToken.None, Soon);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        _host.Say(new GuestTaskReport(vm.Key, run.Id, 1, (int)GuestStatus.Success, null, false, "done"));
        Assert.Empty((await working).LeftAwake);
        Assert.Single(_host.HandedOver);
        Assert.Equal(VmPowerState.Saved, (await _host.GetAsync(vm.Key, default)).State);
        Assert.Equal(RunState.Succeeded, _store.FindRun(run.Id)!.State);
    }

    [Fact]
    public async Task A_note_in_a_machine_that_the_store_knows_nothing_of_puts_it_back()
    {
        TargetMachine vm = Personal(1, VmPowerState.Running);
        await _host.SetMarkAsync(vm.Key, VmMarks.Woken, nameof(VmPowerState.Saved), default);
        using TaskBroker broker = OpenBroker();
        await broker.RunAsync(BrokerUntil.NothingDue, CancellationToken.None, Soon);
        Assert.Equal(VmPowerState.Saved, (await _host.GetAsync(vm.Key, default)).State);
    }

    [Fact]
    public async Task Stopping_lets_what_is_under_way_end_and_wakes_nothing_more()
    {
        TargetMachine[] machines = [.. Enumerable.Range(1, 6).Select(n => Personal(n, VmPowerState.Saved))];
        using var stop = new CancellationTokenSource();
        _host.Script = _ =>
        {
            stop.Cancel();
            return [GuestStatus.Applying, GuestStatus.Success];
        };
        Register(SampleTask.Make(), machines);
        using TaskBroker broker = OpenBroker();
        BrokerReport report = await broker.RunAsync(BrokerUntil.Empty, stop.Token, Soon);
        Assert.InRange(report.StillOpen, 1, 5);
        Assert.Empty(report.LeftAwake);
        Assert.All(await _host.ListAsync(default), m => Assert.Equal(VmPowerState.Saved, m.State));
    }

    [Fact]
    public async Task Once_does_what_may_start_now_under_the_cap_and_no_more()
    {
        Register(SampleTask.Make(), [.. Enumerable.Range(1, 6).Select(n => Personal(n, VmPowerState.Saved))]);
        using TaskBroker broker = OpenBroker();
        BrokerReport report = await broker.RunAsync(BrokerUntil.Once, CancellationToken.None, Soon);
        Assert.Equal((2, 4), (report.Succeeded, report.StillOpen));
        Assert.InRange(_host.MostAwake, 1, 2);
    }

    [Fact]
    public async Task The_plan_names_order_times_and_reasons_and_changes_nothing()
    {
        DateTime tomorrow = Now.AddDays(1);
        TargetMachine[] machines = [.. Enumerable.Range(1, 3).Select(n => Personal(n, VmPowerState.Saved))];
        Register(SampleTask.Make(), machines);
        Register(SampleTask.Make(number: 2) with { Schedule = new TaskSchedule { StartTime = tomorrow } }, machines[0]);
        Register(SampleTask.Make(number: 3) with { IsUrgent = true }, machines[2]);
        using TaskBroker running = OpenBroker(); // a plan needs no lease
        IReadOnlyList<PlannedRun> plan = await BrokerPlan.MakeAsync(
            new BrokerServices { Store = _store, Hypervisor = _host, Metrics = _host, Sessions = _host, Guests = _host }, default);
        Assert.Equal(["task 3 PC3", "task 1 PC1", "task 1 PC2", "task 1 PC3", "task 2 PC1"], plan.Select(p => $"{p.TaskName} {p.VmName}"));
        Assert.All(plan, p => Assert.True(p.IsWoken));
        Assert.True(plan[2].ExpectedStart > plan[1].ExpectedStart);
        Assert.InRange(plan[4].ExpectedStart!.Value, tomorrow, tomorrow.AddMinutes(1));
        Assert.StartsWith("NotBeforeStart: not before", plan[4].Reason, StringComparison.Ordinal);
        Assert.Empty(_host.Calls);
        Assert.Empty(_store.GetJournal(_host.HostId, DateTime.UnixEpoch));
    }

    [Fact]
    [Trait("Kind", "Crash")]
    public async Task A_broker_killed_by_the_system_at_random_moments_loses_nothing()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        string child = Path.Combine(AppContext.BaseDirectory, "VmUpdate.Simulation.Console.dll");
        Assert.SkipUnless(File.Exists(child), $"{child} is not beside these tests.");
        Assert.True(await KillCampaign.RunAsync(_folder.File("kills"), ["dotnet", child, "--broker"], seed, 5) > 0);
    }

    [Fact]
    public void A_socket_that_a_killed_broker_left_behind_does_not_keep_the_next_from_listening()
    {
        using var first = new ManualResetEventSlim();
        using (WakeSignal.Listen(_store.Path, "h", first.Set))
        {
            Assert.True(SpinWait.SpinUntil(() => WakeSignal.Send(_store.Path, "h"), 5000));
            Assert.True(first.Wait(5000, TestContext.Current.CancellationToken));
        }

        using var second = new ManualResetEventSlim();
        using (WakeSignal.Listen(_store.Path, "h", second.Set))
        {
            Assert.True(SpinWait.SpinUntil(() => WakeSignal.Send(_store.Path, "h"), 5000));
            Assert.True(second.Wait(5000, TestContext.Current.CancellationToken));
        }

        Assert.False(WakeSignal.Send(_store.Path, "h"));
    }
}
