using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

public sealed class TaskStoreTests : IDisposable
{
    private const string Host = "host";
    private static readonly DateTime Now = SampleTask.Now;
    private static readonly TaskPayload Payload = TaskPayload.FromCommand("update");
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private VmUpdateStore Open() => VmUpdateStore.Open(_folder.File("store"), new StoreOptions { Files = new HostFileSystem() });

    private static UpdateTask Full() => SampleTask.Make() with
    {
        Targets = new TaskTargets { Names = ["PC1"], Patterns = ["X*"], Ids = [Guid.Empty], Pools = ["P"], Kinds = TargetKinds.Personal },
        Schedule = new TaskSchedule
        {
            StartTime = Now.AddHours(1), EndTime = Now.AddHours(9), Deadline = Now.AddHours(5), StopTime = Now.AddHours(12),
            Windows = [MaintenanceWindow.Parse("Sat,Sun 20:00-06:00")], Recurrence = "0 * * * *", TimeZoneId = "Europe/Berlin",
        },
        Retry = RetryRule.Of(3),
        FailureLimit = new FailureLimit(2, 10),
        IsUrgent = true,
        Priority = TaskPriority.High,
        RestartPolicy = RestartPolicy.Always,
        AllowUnknownSessions = true,
        RegisteredBy = "me",
    };

    private static void Register(VmUpdateStore store, UpdateTask task, params TargetMachine[] machines) =>
        store.Write(t => t.AddTask(Host, task, Payload, RunPlanner.First(task, machines, 1, TimeSpan.FromSeconds(30))));

    [Fact]
    public void A_task_with_all_its_parts_is_read_again_by_the_next_process()
    {
        UpdateTask task = Full();
        using (VmUpdateStore store = Open())
        {
            Register(store, task, SampleTask.Machine(1));
        }

        using VmUpdateStore again = Open();
        TaskRecord record = again.FindTask(Host, "TASK 1")!;
        Assert.Equal(StoreJson.Write(task), StoreJson.Write(record.Task));
        Assert.Equal(task.Schedule.Windows, record.Task.Schedule.Windows);
        Assert.Equal(DateTimeKind.Utc, record.Task.Schedule.StartTime!.Value.Kind);
        Assert.Equal((1, 0, 0), (record.OpenRuns, record.EndedRuns, record.FailedRuns));
        Assert.Equal(Payload.Bytes.ToArray(), again.GetPayload(record.Task).Bytes.ToArray());
        UpdateRun run = Assert.Single(again.GetOpenRuns(Host));
        Assert.Equal(RunPlanner.First(task, [SampleTask.Machine(1)], 1, TimeSpan.FromSeconds(30))[0] with { Vm = run.Vm }, run);
    }

    [Fact]
    public void The_same_name_twice_is_refused_until_the_first_is_removed()
    {
        using VmUpdateStore store = Open();
        Register(store, SampleTask.Make());
        UpdateTask twin = SampleTask.Make(number: 2) with { Name = "TASK 1" };
        Assert.Equal(TaskDefect.NameTaken, Assert.Throws<TaskException>(() => Register(store, twin)).Defect);
        store.Write(t => t.RemoveTask(Host, SampleTask.Make().Id, Now));
        Register(store, twin);
        Assert.Equal(twin.Id, store.FindTask(Host, "task 1")!.Task.Id);
    }

    [Fact]
    public void A_task_that_is_replaced_goes_in_the_commit_of_the_new_one()
    {
        using VmUpdateStore store = Open();
        var registrar = new TaskRegistrar(store, Host, () => { });
        registrar.Add(SampleTask.Make(), Payload, [SampleTask.Machine(1)]);
        Assert.Equal(TaskDefect.NameTaken, Assert.Throws<TaskException>(() => registrar.Add(SampleTask.Make(), Payload, [])).Defect);
        UpdateTask twin = SampleTask.Make(number: 2) with { Name = "TASK 1" };
        Assert.Equal(SampleTask.Make().Id, Assert.Single(registrar.Add(twin, Payload, [SampleTask.Machine(1)], replace: true)).Id);
        Assert.Equal(twin.Id, Assert.Single(registrar.Complete()).Id);
        Assert.Equal(twin.Id, Assert.Single(store.GetTasks(Host)).Task.Id);
        Assert.Equal(["task 1", "TASK 1"], store.GetTaskNames(Host).Values.Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public void A_change_of_the_start_time_moves_the_runs_that_wait_also_under_a_broker_that_writes_the_old_one()
    {
        using VmUpdateStore store = Open();
        Register(store, SampleTask.Make(), SampleTask.Machine(1));
        UpdateRun before = store.GetOpenRuns(Host).Single();
        UpdateTask changed = SampleTask.Make() with { Schedule = new TaskSchedule { StartTime = Now.AddDays(1) } };
        UpdateRun moved = RunPlanner.Postpone(changed, before, Now.AddDays(1), 1, TimeSpan.Zero);
        store.Write(t => t.ChangeTask(Host, changed, [moved], Now));
        var step = new StepResult();
        step.Runs.Add(before with { Reason = RunReason.WaitingForCpu });
        store.Write(t => t.SaveStep(Host, step, 0, string.Empty, string.Empty, Now));
        Assert.Equal(Now.AddDays(1), store.GetOpenRuns(Host).Single().NotBefore);
    }

    [Fact]
    public void A_payload_that_was_changed_in_the_store_is_refused()
    {
        using VmUpdateStore store = Open();
        Register(store, SampleTask.Make());
        using (var connection = new StoreConnection($"Data Source={store.Path};Pooling=False"))
        {
            connection.Open();
            StoreSql.Run(connection, "UPDATE payloads SET content = x'00'");
        }

        Assert.Equal("TaskPayloadChanged", Assert.Throws<TaskException>(() => store.GetPayload(SampleTask.Make())).Code);
    }

    [Fact]
    public void The_next_broker_knows_how_far_machines_have_come_in_a_task_that_comes_again()
    {
        TargetMachine vm = SampleTask.Machine(1);
        using VmUpdateStore store = Open();
        Register(store, SampleTask.Make() with { Schedule = new TaskSchedule { Recurrence = "0 * * * *", TimeZoneId = "UTC" } }, vm);
        UpdateRun run = store.GetOpenRuns(Host).Single();
        Assert.Empty(BrokerLoader.Load(store, Host).OfType<Observation.TaskAdded>().Single().Past);
        store.Write(t => t.SaveStep(Host, new StepResult { Runs = { run with { State = RunState.Canceled, Ended = Now } } }, 1, string.Empty, string.Empty, Now));
        Assert.Equal([new PastRun(vm.Key, run.Due, run.Occurrence)], BrokerLoader.Load(store, Host).OfType<Observation.TaskAdded>().Single().Past);
    }

    [Fact]
    public void What_a_step_decided_is_what_the_next_broker_begins_with()
    {
        TargetMachine vm = SampleTask.Machine(1);
        UpdateTask task = SampleTask.Make() with { FailureLimit = new FailureLimit(1, null) };
        using VmUpdateStore store = Open();
        Register(store, task, vm);
        UpdateRun run = store.GetOpenRuns(Host).Single() with
        {
            State = RunState.Rebooting, Reason = RunReason.RestartOrdered, Detail = "ü", Percent = 40, Restarts = 2, IsRestartPending = true, IsOverdue = true,
            IsHandOverBegun = true, IsHandOverConfirmed = true, IsCancelAsked = true, Started = Now, Attempt = 3,
        };
        var result = new StepResult();
        result.Runs.Add(run);
        result.Awake.Add(new AwakeMachine(vm.Key, vm.Name, VmPowerState.Saved, Now, run.Id, true, RunReason.StillApplying, "it is", [3, 5]) { BusyWith = [new BusyRun(run.Id, 2, RunState.Applying)] });
        result.HeldTasks.Add(task.Id);
        result.Journal.Add(new JournalEntry(Now, vm.Key, run.Id, RunState.Rebooting, RunReason.RestartOrdered, "ü"));
        store.Write(t => t.SaveStep(Host, result, 1, "no run", "no wake", Now));

        Assert.Equal(run, store.GetOpenRuns(Host).Single());
        Assert.Equal([3, 5], store.GetAwakeMachines(Host).Single().ActiveSessionsAtWake!);
        Assert.Equal([new BusyRun(run.Id, 2, RunState.Applying)], store.GetAwakeMachines(Host).Single().BusyWith);
        Assert.Equal(result.Journal, store.GetJournal(run.Id));
        Assert.Equal(new BrokerStatus(false, "no run", "no wake", Now), store.FindBrokerStatus(Host));
        Assert.Empty(store.GetOrders(Host, 0));
        Assert.True(store.GetTasks(Host).Single().IsHeldByFailures);
        List<Observation> loaded = BrokerLoader.Load(store, Host);
        Assert.Equal(run, loaded.OfType<Observation.TaskAdded>().Single().Runs.Single());
        Assert.Equal(RunReason.StillApplying, loaded.OfType<Observation.AwakeRestored>().Single().Awake.Reason);
        Assert.True(loaded.OfType<Observation.FailuresRestored>().Single().IsHeld);

        store.Write(t => t.SaveStep(Host, new StepResult { NotAwake = { vm.Key } }, 1, string.Empty, string.Empty, Now));
        Assert.Empty(store.GetAwakeMachines(Host));
    }

    [Fact]
    public void Orders_of_another_process_are_found_and_survive_until_they_are_heeded()
    {
        using VmUpdateStore prompt = Open();
        using VmUpdateStore broker = Open();
        Register(prompt, SampleTask.Make(), SampleTask.Machine(1));
        Guid task = SampleTask.Make().Id;
        Guid run = prompt.GetOpenRuns(Host).Single().Id;
        prompt.Write(t =>
        {
            t.HoldTask(Host, task, true, Now);
            t.HoldMachine(SampleTask.Machine(1).Key, true, Now);
            t.HoldHost(Host, true, Now);
            t.CancelRun(Host, run, Now);
            t.SaveLimits(Host, new HostLimits { MaxAwake = 7 }, Now);
        });
        IReadOnlyList<BrokerOrder> orders = broker.GetOrders(Host, 0);
        Assert.Equal(
            [BrokerOrderKind.TaskAdded, BrokerOrderKind.TaskHeld, BrokerOrderKind.VmHeld, BrokerOrderKind.HostHeld, BrokerOrderKind.RunCanceled, BrokerOrderKind.LimitsSet],
            orders.Select(o => o.Kind));
        Assert.All(orders, o => Assert.NotNull(BrokerLoader.Read(broker, Host, o)));
        Assert.Equal(7, broker.GetLimits(Host).MaxAwake);
        List<Observation> loaded = BrokerLoader.Load(broker, Host);
        Assert.Contains(loaded, o => o is Observation.HostHeld { IsHeld: true });
        Assert.Contains(loaded, o => o is Observation.VmHeld { IsHeld: true });
        Assert.Contains(loaded, o => o is Observation.TaskHeld { IsHeld: true });
    }

    [Fact]
    public void Ten_thousand_tasks_take_few_commits_and_none_is_returned_before_its_own()
    {
        using VmUpdateStore store = Open();
        int commits = 0;
        int returned = 0;
        var registrar = new TaskRegistrar(store, Host, () => commits++);
        TargetMachine[] vm = [SampleTask.Machine(1)];
        long start = Stopwatch.GetTimestamp();
        for (int i = 1; i <= 10_000; i++)
        {
            returned += registrar.Add(SampleTask.Make(number: i), Payload, vm).Count;
        }

        returned += registrar.Complete().Count;
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper?.WriteLine($"{time.TotalSeconds:0.00} s, {commits} commits");
        Assert.Equal(10_000, returned);
        Assert.Equal(10_000, store.GetOpenRuns(Host).Count);
        Assert.InRange(commits, 1, 150);
    }

    [Fact]
    public void A_name_taken_does_not_take_its_neighbours_with_it()
    {
        using VmUpdateStore store = Open();
        var registrar = new TaskRegistrar(store, Host, () => { });
        registrar.Add(SampleTask.Make(), Payload, []);
        Assert.Throws<TaskException>(() => registrar.Add(SampleTask.Make(number: 2) with { Name = "Task 1" }, Payload, []));
        Assert.Single(registrar.Complete());
    }

    [Fact]
    public void What_is_old_is_forgotten_and_what_is_open_awake_or_comes_again_keeps_its_story()
    {
        using VmUpdateStore store = Open();
        DateTime old = Now.AddDays(-100);
        UpdateTask Task(int number, string recurrence = "") =>
            SampleTask.Make(number: number) with { Registered = old, Schedule = new TaskSchedule { Recurrence = recurrence, TimeZoneId = "UTC" } };
        (UpdateTask Task, string Vm, DateTime? Ended)[] cases =
        [
            (Task(1), "ended long ago", old), (Task(2), "ended lately", Now), (Task(3), "open", null), (Task(4), "left awake", old), (Task(5, "0 3 * * *"), "comes again", old),
        ];
        var step = new StepResult();
        foreach ((UpdateTask task, string name, DateTime? ended) in cases)
        {
            UpdateRun run = RunPlanner.Plan(task, SampleTask.Machine(1) with { Name = name }, 1, old, 1, TimeSpan.Zero);
            store.Write(t => t.AddTask(Host, task, TaskPayload.FromCommand(name), [run]));
            step.Runs.Add(run with { State = ended is null ? RunState.Pending : RunState.Succeeded, Ended = ended });
            step.Journal.Add(new JournalEntry(old, run.Vm, run.Id, RunState.Waking, RunReason.Started, name));
        }

        step.Awake.Add(new AwakeMachine(step.Runs[3].Vm, "x", VmPowerState.Off, old, step.Runs[3].Id, true, RunReason.PutBackFailed, string.Empty, null));
        store.Write(t => t.SaveStep(Host, step, 0, string.Empty, string.Empty, Now));
        Assert.Equal([2, 3, 4], BrokerLoader.Load(store, Host).OfType<Observation.TaskAdded>().Select(t => int.Parse(t.Task.Name.Split(' ')[1], null) - 1));

        bool hasMore = true;
        store.Write(t => hasMore = t.ForgetHistory(Host, Now.AddDays(-90)));
        Assert.False(hasMore);
        Assert.Equal(["ended lately", "open", "left awake"], store.GetRuns(Host).Select(r => r.VmName));
        Assert.Equal(["task 2", "task 3", "task 4", "task 5"], store.GetTasks(Host).Select(t => t.Task.Name));
        Assert.Equal(["open"], store.GetJournal(Host, DateTime.UnixEpoch).Select(j => j.Detail));
        using var connection = new StoreConnection($"Data Source={store.Path};Pooling=False");
        connection.Open();
        Assert.Equal(4, StoreSql.ReadNumber(connection, "SELECT count(*) FROM payloads"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_store_of_each_older_version_is_brought_forward_with_what_is_in_it(int version)
    {
        UpdateTask task = SampleTask.Make();
        UpdateRun run = RunPlanner.First(task, [SampleTask.Machine(1)], 1, TimeSpan.Zero).Single();
        Open().Dispose();
        string path = Path.Combine(_folder.File("store"), VmUpdateStore.FileName);
        using (FileStream emptied = File.Open(path, FileMode.Truncate))
        {
        }

        using (var connection = new StoreConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            StoreSchema.Migrate(connection, 0, Now, version);
            StoreSql.Run(connection, "INSERT INTO pools (host_id, name, name_key, master_path, keep_seconds) VALUES ('host', 'P', 'P', '/m.vhdx', 60)");
            if (version >= 2)
            {
                StoreSql.Run(connection, "INSERT INTO payloads (sha256, content) VALUES ($sha, $content)", ("$sha", Payload.Info.Sha256), ("$content", Payload.Bytes.ToArray()));
                StoreSql.Run(
                    connection,
                    """
                    INSERT INTO tasks (id, host_id, name, name_key, content, payload_sha256, registered_utc, held, counted_from_utc, is_removed)
                    VALUES ($id, 'host', 'task 1', 'TASK 1', $content, $sha, $now, '', $now, 0);
                    INSERT INTO runs (id, task_id, host_id, vm_id, vm_name, occurrence, due_utc, not_before_utc, attempt, state, reason, detail, outcome, restarts, flags)
                    VALUES ($run, $id, 'host', $vm, 'PC1', 1, $now, $now, 1, 'Applying', 'GuestReported', '', '', 0, 12);
                    INSERT INTO awake_machines (host_id, vm_id, vm_name, found, woken_utc, run_id, is_left, reason, detail)
                    VALUES ('host', $vm, 'PC1', 'Saved', $now, $run, 1, 'StillApplying', 'it is')
                    """,
                    ("$id", StoreSql.Text(task.Id)),
                    ("$content", StoreJson.Write(task)),
                    ("$sha", Payload.Info.Sha256),
                    ("$now", StoreSql.Text(Now)),
                    ("$run", StoreSql.Text(run.Id)),
                    ("$vm", StoreSql.Text(run.Vm.VmId)));
            }
        }

        using VmUpdateStore store = Open();
        Assert.Equal("/m.vhdx", store.FindPool(Host, "P")!.MasterPath);
        if (version >= 2)
        {
            Assert.Equal(task.Id, store.FindTask(Host, "task 1")!.Task.Id);
            Assert.Equal(Payload.Bytes.ToArray(), store.GetPayload(task).Bytes.ToArray());
            Assert.Equal((run.Id, RunState.Applying), (store.GetOpenRuns(Host).Single().Id, store.GetOpenRuns(Host).Single().State));
            Assert.Equal([new BusyRun(run.Id, 1, RunState.Applying)], store.GetAwakeMachines(Host).Single().BusyWith);
            store.Write(t => t.RemoveTask(Host, task.Id, Now));
        }

        Register(store, SampleTask.Make(number: 2) with { Name = "task 1" }, SampleTask.Machine(2));
        Assert.Equal(version, store.GetOpenRuns(Host).Count);
    }
}
