using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Machines;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Lab.Tests;

/// <summary>The guests of a lab, behind the port; with a clock that stands still until somebody waits.</summary>
public sealed class LabGuestTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly LabTimings Timings = new()
    {
        Guest = TimeSpan.FromSeconds(10),
        Searching = TimeSpan.FromSeconds(10),
        Downloading = TimeSpan.FromSeconds(20),
        Applying = TimeSpan.FromSeconds(30),
        Away = TimeSpan.FromSeconds(5),
        Restart = TimeSpan.FromSeconds(15),
    };

    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();
    private readonly VmKey _vm;
    private LabHypervisor _lab;

    public LabGuestTests()
    {
        _lab = LabHypervisor.Create(_folder.File("lab"), "lab", Timings, Options());
        _vm = _lab.AddMachine("DESK", []);
        Power(VmPowerState.Running);
        _clock.Advance(TimeSpan.FromSeconds(10));
    }

    public void Dispose() => _folder.Dispose();

    private LabOptions Options() => new() { Files = new HostFileSystem(), Clock = _clock };

    private void Reopen() => _lab = LabHypervisor.Open(_folder.File("lab"), Options());

    private void Power(VmPowerState state) => _lab.SetStateAsync(_vm, state, None).GetAwaiter().GetResult();

    private static GuestTask Make(int attempt = 1, bool mayRestart = true, TaskPayload? payload = null)
    {
        TaskPayload given = payload ?? TaskPayload.FromCommand("update");
        return new GuestTask(
            new Guid(7, 0, 0, new byte[8]),
            attempt,
            new UpdateTask
            {
                Id = Guid.NewGuid(), Name = "task", Kind = UpdateTaskKind.ApplicationUpgrade, Instructor = "Test", Payload = given.Info, Targets = new TaskTargets(),
                Timeouts = PhaseTimeouts.Of(UpdateTaskKind.ApplicationUpgrade), MaxRestarts = 1, Registered = default,
            },
            given,
            mayRestart);
    }

    private async Task<GuestTask> HandOverAsync(LabGuestScript? script = null, int attempt = 1, bool mayRestart = true)
    {
        if (script is not null)
        {
            await _lab.SetGuestScriptAsync(_vm, script, None);
        }

        GuestTask task = Make(attempt, mayRestart);
        await _lab.HandOverAsync(_vm, task, None);
        return task;
    }

    private async Task<GuestStatus> AskAsync(GuestTask task) =>
        (GuestStatus)(await _lab.GetProgressAsync(_vm, task.RunId, task.Attempt, None))!.Status;

    private async Task<GuestStatus> AfterAsync(int seconds, GuestTask task)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        return await AskAsync(task);
    }

    [Fact]
    public async Task A_guest_goes_through_its_task_by_the_clock_also_when_nobody_lives_to_see_it()
    {
        GuestTask task = await HandOverAsync();
        Assert.Equal(GuestStatus.Searching, await AfterAsync(9, task));
        Assert.Equal(GuestStatus.Downloading, await AfterAsync(2, task));
        Reopen();
        Assert.Equal(GuestStatus.Applying, await AfterAsync(20, task));
        Reopen();
        Assert.Equal(GuestStatus.Success, await AfterAsync(30, task));
    }

    [Fact]
    public async Task A_guest_stands_still_while_its_machine_does_and_boots_before_it_answers()
    {
        GuestTask task = await HandOverAsync();
        _clock.Advance(TimeSpan.FromSeconds(9));
        Power(VmPowerState.Saved);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(GuestFailure.GuestNotReached, (await Assert.ThrowsAsync<GuestException>(() => AskAsync(task))).Failure);
        Power(VmPowerState.Running);
        await Assert.ThrowsAsync<GuestException>(() => _lab.WaitUntilReadyAsync(_vm, TimeSpan.FromSeconds(5), None));
        await _lab.WaitUntilReadyAsync(_vm, TimeSpan.FromSeconds(6), None);
        Assert.Equal(GuestStatus.Searching, await AskAsync(task));
        Assert.Equal(GuestStatus.Downloading, await AfterAsync(2, task));
    }

    [Fact]
    public async Task A_guest_loses_its_connection_and_restarts_as_often_as_its_script_says()
    {
        GuestTask task = await HandOverAsync(new LabGuestScript
        {
            Searching = TimeSpan.Zero, Downloading = TimeSpan.Zero, Applying = TimeSpan.FromSeconds(30), Disconnects = 1, Restarts = 1,
        });
        Assert.Equal(GuestStatus.Applying, await AfterAsync(9, task));
        await Assert.ThrowsAsync<GuestException>(() => AfterAsync(2, task)); // away from 10 to 15
        Assert.Equal(GuestStatus.Applying, await AfterAsync(5, task));
        await Assert.ThrowsAsync<GuestException>(() => AfterAsync(10, task)); // restarting from 25 to 40
        Assert.Equal(GuestStatus.Applying, await AfterAsync(15, task));
        Assert.Equal(GuestStatus.Success, await AfterAsync(10, task));
    }

    [Theory]
    [InlineData(LabGuestEnd.Fails, (int)GuestStatus.Failed)]
    [InlineData(LabGuestEnd.Hangs, (int)GuestStatus.Downloading)]
    [InlineData(LabGuestEnd.TalksNonsense, 42)]
    public async Task A_guest_goes_wrong_where_its_script_says_and_as_often(LabGuestEnd end, int status)
    {
        GuestTask task = await HandOverAsync(new LabGuestScript { End = end, EndsIn = LabGuestPhase.Downloading, EndTimes = 1 });
        Assert.Equal(status, (int)await AfterAsync(3600, task));
        task = await HandOverAsync(attempt: 2);
        Assert.Equal(GuestStatus.Success, await AfterAsync(3600, task));
    }

    [Fact]
    public async Task A_guest_gives_up_what_it_downloads_and_ends_what_it_applies()
    {
        GuestTask task = await HandOverAsync();
        _clock.Advance(TimeSpan.FromSeconds(15));
        await _lab.CancelAsync(_vm, task.RunId, 1, None);
        Assert.Equal(GuestStatus.Failed, await AskAsync(task));
        task = await HandOverAsync(attempt: 2);
        _clock.Advance(TimeSpan.FromSeconds(35));
        await _lab.CancelAsync(_vm, task.RunId, 2, None);
        Assert.Equal(GuestStatus.Applying, await AskAsync(task));
        Assert.Equal(GuestStatus.Success, await AfterAsync(30, task));
    }

    [Fact]
    public async Task A_guest_that_may_not_restart_asks_for_it_until_somebody_else_did()
    {
        GuestTask task = await HandOverAsync(new LabGuestScript { Restarts = 2 }, mayRestart: false);
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await _lab.GetProgressAsync(_vm, task.RunId, 1, None))!.NeedsRestart);
        await _lab.RestartAsync(_vm, None);
        await Assert.ThrowsAsync<GuestException>(() => AskAsync(task));
        await _lab.WaitUntilReadyAsync(_vm, TimeSpan.FromSeconds(20), None);
        Assert.False((await _lab.GetProgressAsync(_vm, task.RunId, 1, None))!.NeedsRestart);
    }

    [Fact]
    public async Task Handing_over_twice_begins_once_and_the_payload_is_kept_byte_for_byte()
    {
        byte[] bytes = [0, 255, 10, 13, 0, 1];
        GuestTask task = Make(payload: TaskPayload.FromContext(bytes));
        await _lab.HandOverAsync(_vm, task, None);
        _clock.Advance(TimeSpan.FromSeconds(12));
        await _lab.HandOverAsync(_vm, task, None);
        Assert.Equal(GuestStatus.Downloading, await AskAsync(task));
        Reopen();
        LabDelivery delivery = Assert.Single(_lab.GetDeliveries(_vm));
        Assert.Equal(bytes, delivery.Payload.ToArray());
        Assert.Equal((task.RunId, 1, "task", "Test", PayloadKind.Context), (delivery.RunId, delivery.Attempt, delivery.TaskName, delivery.Instructor, delivery.Kind));
        Assert.Null(await _lab.GetProgressAsync(_vm, task.RunId, 2, None));
    }

    [Fact]
    public async Task What_a_real_guest_refuses_is_refused()
    {
        await _lab.SetGuestScriptAsync(_vm, new LabGuestScript { HasNoAgent = true }, None);
        Assert.Equal(GuestFailure.NoUpdateAgent, (await Assert.ThrowsAsync<GuestException>(() => _lab.HandOverAsync(_vm, Make(), None))).Failure);
        await _lab.SetGuestScriptAsync(_vm, new LabGuestScript { RefusesTasks = true }, None);
        Assert.Equal(GuestFailure.GuestRefused, (await Assert.ThrowsAsync<GuestException>(() => _lab.HandOverAsync(_vm, Make(), None))).Failure);
        Power(VmPowerState.Paused);
        Assert.Equal(GuestFailure.GuestNotReached, (await Assert.ThrowsAsync<GuestException>(() => _lab.HandOverAsync(_vm, Make(), None))).Failure);
        Assert.Equal(GuestFailure.GuestNotReached, (await Assert.ThrowsAsync<GuestException>(() => _lab.CancelAsync(_vm, Guid.NewGuid(), 1, None))).Failure);
        Assert.Equal(GuestFailure.GuestNotReached, (await Assert.ThrowsAsync<GuestException>(() => _lab.RestartAsync(_vm, None))).Failure);
        await Assert.ThrowsAsync<HypervisorException>(() => _lab.GetFootprintAsync(new VmKey(_lab.HostId, Guid.NewGuid()), None));
    }

    [Fact]
    public async Task A_user_arrives_when_the_script_says_and_a_restart_ends_the_sessions_that_are_there()
    {
        LabSession[] sessions =
        [
            new(1, "anna", IsActive: false), new(2, "ben", ArrivesUtc: _clock.UtcNow.AddMinutes(5)), new(3, "cleo", ArrivesAfter: TimeSpan.FromMinutes(1)),
        ];
        await _lab.SetSessionsAsync(_vm, sessions, None);
        Assert.Equal(["anna"], await UsersAsync());
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["anna", "cleo"], await UsersAsync());
        await _lab.RestartAsync(_vm, None);
        Assert.Empty(await UsersAsync());
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["ben"], await UsersAsync());
        async Task<IEnumerable<string>> UsersAsync() => (await _lab.GetSessionsAsync(_vm, None))!.Select(s => s.UserName);
    }

    [Fact]
    public async Task The_hosts_load_follows_its_curve_and_its_running_machines()
    {
        await _lab.SetFootprintAsync(_vm, 3L << 30, "data", None);
        await _lab.SetHostScriptAsync(
            new LabHostScript
            {
                TotalMemoryBytes = 32L << 30,
                BeginsUtc = _clock.UtcNow,
                Repeats = true,
                Curve = [new LabHostPoint { CpuPercent = 10 }, new LabHostPoint { After = TimeSpan.FromSeconds(100), CpuPercent = 90, OtherMemoryBytes = 8L << 30 }],
            },
            None);
        _clock.Advance(TimeSpan.FromSeconds(350));
        Reopen();
        HostLoad load = await _lab.GetLoadAsync(None);
        Assert.Equal((50.0, 25L << 30, 32L << 30), (load.CpuPercent, load.FreeMemoryBytes, load.TotalMemoryBytes));
        Assert.Equal(new VmFootprint(3L << 30, "data"), await _lab.GetFootprintAsync(_vm, None));
        Assert.Contains("data", load.VolumeFreeBytes.Keys);
        Power(VmPowerState.Saved);
        Assert.Equal(28L << 30, (await _lab.GetLoadAsync(None)).FreeMemoryBytes);
    }

    [Fact]
    public async Task A_script_by_hand_is_read_by_the_machines_name_and_a_wrong_one_says_what_is_wrong()
    {
        string folder = Path.Combine(_lab.Folder, "guests");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "DESK.json");
        await File.WriteAllTextAsync(path, """{ "end": "Fails", "message": "no room", "applying": "00:00:01", /* quick */ }""", None);
        GuestTask task = await HandOverAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("no room", (await _lab.GetProgressAsync(_vm, task.RunId, 1, None))!.Message);
        foreach (string wrong in new[] { """{ "ends": "Fails" }""", """{ "restarts": -1 }""", "[" })
        {
            await File.WriteAllTextAsync(path, wrong, None);
            HypervisorException failure = Assert.Throws<HypervisorException>(() => _lab.GetGuestScript(_vm));
            Assert.Equal((HypervisorFailure.HostNotUsable, path), (failure.Failure, failure.Subject));
        }

        await Assert.ThrowsAsync<HypervisorException>(() => _lab.SetGuestScriptAsync(_vm, new LabGuestScript { Applying = TimeSpan.FromDays(2) }, None));
        await Assert.ThrowsAsync<HypervisorException>(() => _lab.SetHostScriptAsync(new LabHostScript { Repeats = true }, None));
    }

    [Fact]
    public async Task What_a_guest_says_is_told_in_order_and_silence_too()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(1);
        VmKey vm = lab.Machines[0];
        await lab.Lab.SetStateAsync(vm, VmPowerState.Running, None);
        await lab.Lab.SetGuestScriptAsync(vm, new LabGuestScript { Disconnects = 1, Restarts = 1 }, None);
        var heard = new List<string>();
        var done = new TaskCompletionSource();
        using (lab.Lab.Listen(Hear, _ => heard.Add("silent")))
        {
            await lab.Lab.WaitUntilReadyAsync(vm, TimeSpan.FromSeconds(30), None);
            await lab.Lab.HandOverAsync(vm, Make(), None);
            await done.Task.WaitAsync(TimeSpan.FromSeconds(60), None);
        }

        Assert.Equal(
            ["Searching", "Downloading", "Applying", "silent", "Applying", "Rebooting", "silent", "Rebooted", "Applying", "Success"], heard);
        void Hear(GuestTaskReport report)
        {
            heard.Add(((GuestStatus)report.Status).ToString());
            if (report.Status == (int)GuestStatus.Success)
            {
                done.SetResult();
            }
        }
    }

    [Fact]
    public async Task The_broker_updates_personal_machines_and_each_kind_of_power_state_comes_back_exactly()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(4);
        IReadOnlyList<VmPowerState> before = await lab.StatesAsync();
        Assert.Equal([VmPowerState.Saved, VmPowerState.Off, VmPowerState.Running, VmPowerState.Paused], before);
        lab.Register();
        BrokerReport report = await lab.WorkAsync();
        Assert.Equal((4, 4, 0, 0), (report.Started, report.Succeeded, report.Failed, report.StillOpen));
        Assert.Equal(before, await lab.StatesAsync());
        Assert.Empty(report.LeftAwake);
        foreach (VmKey vm in lab.Machines)
        {
            Assert.DoesNotContain(VmMarks.Woken, (await lab.Lab.GetMarksAsync(vm, None)).Keys);
            Assert.Single(lab.Lab.GetDeliveries(vm));
        }
    }
}
