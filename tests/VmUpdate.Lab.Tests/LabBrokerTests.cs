using System.Collections.Concurrent;
using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Lab.Tests;

/// <summary>The real broker on a lab, in real time.</summary>
public sealed class LabBrokerTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_hundred_personal_machines_are_updated_and_no_sample_ever_shows_five_awake()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(100, timings: PersonalLab.Fast with { Applying = TimeSpan.FromMilliseconds(20) });
        await lab.SetAllAsync(VmPowerState.Saved);
        var gate = new Lock();
        int awake = 0;
        int most = 0;
        int changes = 0;
        lab.Reopen(afterCall: call => Count(call, "Save", -1), beforeCall: call => Count(call, "Start", 1));
        lab.Register();
        Task<BrokerReport> working = lab.WorkAsync();
        var samples = new List<int>();
        while (!working.IsCompleted)
        {
            // The machines are read one after the other: what changed meanwhile would be counted before and after its change.
            int before = Volatile.Read(ref changes);
            int sample = (await lab.StatesAsync()).Count(s => s != VmPowerState.Saved);
            if (Volatile.Read(ref changes) == before)
            {
                samples.Add(sample);
            }

            await Task.WhenAny(working, Task.Delay(50, None));
        }

        Assert.Equal((100, 0, 0), ((await working).Succeeded, (await working).Failed, (await working).LeftAwake.Count));
        Assert.Equal(4, most);
        Assert.All(samples, sample => Assert.InRange(sample, 0, 4));
        Assert.All(await lab.StatesAsync(), s => Assert.Equal(VmPowerState.Saved, s));

        void Count(LabCall call, string operation, int change)
        {
            if (call.Operation == operation)
            {
                lock (gate)
                {
                    changes++;
                    awake += change;
                    most = Math.Max(most, awake);
                }
            }
        }
    }

    [Fact]
    public async Task With_a_scripted_load_no_machine_is_woken_beyond_the_limits_none_twice_and_each_wait_shows_its_number()
    {
        const long gib = 1L << 30;
        var limits = new HostLimits { MaxAwake = 4, MaxAwakePerVolume = 4 };
        using BrokerLab lab = await BrokerLab.CreateAsync(40, limits);
        await lab.SetAllAsync(VmPowerState.Saved);
        var metrics = new RecordedMetrics(lab.Lab);
        var wakes = new ConcurrentBag<(VmKey Vm, HostLoad Load)>();
        var seen = new HashSet<RunReason>();
        lab.Reopen(beforeCall: call =>
        {
            if (call.Operation == "Start")
            {
                wakes.Add((call.Vm!.Value, metrics.Last!));
            }
        });
        // Quick ripples over the ceiling that never fall far enough below it: nothing begins.
        await lab.Lab.SetHostScriptAsync(
            new LabHostScript
            {
                BeginsUtc = SystemClock.Instance.UtcNow,
                Repeats = true,
                Curve =
                [
                    new LabHostPoint { CpuPercent = 75 },
                    new LabHostPoint { After = TimeSpan.FromMilliseconds(150), CpuPercent = 95 },
                    new LabHostPoint { After = TimeSpan.FromMilliseconds(400), CpuPercent = 62 },
                    new LabHostPoint { After = TimeSpan.FromMilliseconds(600), CpuPercent = 75 },
                ],
            },
            None);
        await metrics.GetLoadAsync(None);
        UpdateTask task = lab.Register();
        Task<BrokerReport> working = lab.WorkAsync(BrokerUntil.Empty, metrics);
        await SampleUntilAsync(() => seen.Contains(RunReason.WaitingForCpu));
        for (int i = 0; i < 40; i++)
        {
            Sample();
            await Task.Delay(25, None);
        }

        Assert.Empty(wakes);
        await lab.Lab.SetHostScriptAsync(new LabHostScript(), None);
        await SampleUntilAsync(() => wakes.Count >= 4);
        await lab.Lab.SetHostScriptAsync(new LabHostScript { Curve = [new LabHostPoint { CpuPercent = 20, OtherMemoryBytes = 50 * gib }] }, None);
        await SampleUntilAsync(() => seen.Contains(RunReason.WaitingForMemory));
        await lab.Lab.SetHostScriptAsync(new LabHostScript(), None);
        await SampleUntilAsync(() => working.IsCompleted);

        Assert.Equal(40, (await working).Succeeded);
        Assert.Equal(40, wakes.Count);
        Assert.Equal(40, wakes.Select(w => w.Vm).Distinct().Count());
        Assert.All(wakes, w => Assert.True(
            w.Load.CpuPercent < limits.CpuCeilingPercent && w.Load.FreeMemoryBytes >= (2 * gib) + limits.ReserveOf(64 * gib), $"woken at {w.Load}"));

        async Task SampleUntilAsync(Func<bool> isThere)
        {
            long start = Stopwatch.GetTimestamp();
            for (; !isThere(); await Task.Delay(20, None))
            {
                Sample();
                Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(80), $"seen: {string.Join(", ", seen)}");
            }
        }

        void Sample()
        {
            BrokerStatus? status = lab.Store.FindBrokerStatus(lab.Lab.HostId);
            foreach (UpdateRun run in lab.Store.GetOpenRuns(lab.Lab.HostId).Where(r => r.State == RunState.Pending))
            {
                RunExplanation why = RunExplanation.Of(run, task, status, isAsleep: true, SystemClock.Instance.UtcNow);
                seen.Add(why.Reason);
                if (why.Reason is RunReason.WaitingForCpu or RunReason.WaitingForMemory or RunReason.WaitingForAwakeSlot)
                {
                    Assert.Matches("[0-9]", why.Detail);
                }
            }
        }
    }

    [Fact]
    public async Task An_operating_system_upgrade_that_loses_its_agent_three_times_and_restarts_twice_succeeds()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(1);
        await lab.Lab.SetGuestScriptAsync(lab.Machines[0], new LabGuestScript { Disconnects = 3, Restarts = 2 }, None);
        lab.Register(t => t with
        {
            Kind = UpdateTaskKind.OperatingSystemUpgrade, Timeouts = PhaseTimeouts.Of(UpdateTaskKind.OperatingSystemUpgrade), MaxRestarts = 5,
        });
        Assert.Equal(1, (await lab.WorkAsync()).Succeeded);
        UpdateRun run = lab.RunOf(lab.Machines[0]);
        Assert.Equal((RunState.Succeeded, 1, 2), (run.State, run.Attempt, run.Restarts));
        Assert.Contains(lab.Store.GetJournal(run.Id), j => j.Reason == RunReason.AgentAway);
        Assert.Equal([VmPowerState.Saved], await lab.StatesAsync());
    }

    [Fact]
    public async Task A_guest_that_talks_nonsense_fails_its_run_and_harms_nobody_else()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(2);
        await lab.SetAllAsync(VmPowerState.Off);
        await lab.Lab.SetGuestScriptAsync(
            lab.Machines[0], new LabGuestScript { End = LabGuestEnd.TalksNonsense, EndsIn = LabGuestPhase.Searching, NonsenseStatus = -7, Message = "\u001b[2J" }, None);
        lab.Register();
        BrokerReport report = await lab.WorkAsync();
        Assert.Equal((1, 1, 0), (report.Succeeded, report.Failed, report.LeftAwake.Count));
        UpdateRun run = lab.RunOf(lab.Machines[0]);
        Assert.Equal((RunState.Failed, RunReason.GuestNonsense), (run.State, run.Reason));
        Assert.Contains("-7", run.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(lab.Store.GetJournal(lab.Lab.HostId, DateTime.UnixEpoch), j => j.Detail.Any(char.IsControl));
        Assert.All(await lab.StatesAsync(), s => Assert.Equal(VmPowerState.Off, s));
    }

    [Fact]
    public async Task A_guest_that_hangs_in_the_midst_of_applying_is_left_awake_and_said_so()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(1);
        await lab.Lab.SetGuestScriptAsync(lab.Machines[0], new LabGuestScript { End = LabGuestEnd.Hangs }, None);
        lab.Register(t => t with { Timeouts = PhaseTimeouts.Of(t.Kind, TimeSpan.FromSeconds(1)) });
        AwakeMachine left = Assert.Single((await lab.WorkAsync()).LeftAwake);
        Assert.Equal((lab.Machines[0], RunReason.StillApplying, true), (left.Vm, left.Reason, left.IsLeft));
        Assert.Equal((RunState.LeftAwake, RunState.TimedOut), (lab.RunOf(left.Vm).State, lab.RunOf(left.Vm).Outcome));
        Assert.Equal([VmPowerState.Running], await lab.StatesAsync());
    }

    [Fact]
    public async Task Users_keep_their_open_work_and_a_user_who_comes_keeps_the_machine()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(3);
        await lab.SetAllAsync(VmPowerState.Saved);
        (VmKey owned, VmKey visited, VmKey empty) = (lab.Machines[0], lab.Machines[1], lab.Machines[2]);
        foreach (VmKey vm in lab.Machines)
        {
            await lab.Lab.SetGuestScriptAsync(vm, new LabGuestScript { NeedsRestart = true }, None);
        }

        await lab.Lab.SetSessionsAsync(owned, [new LabSession(1, "anna", IsActive: false)], None);
        await lab.Lab.SetSessionsAsync(visited, [new LabSession(2, "ben", ArrivesAfter: TimeSpan.FromMilliseconds(50))], None);
        lab.Register();
        Assert.Equal(3, (await lab.WorkAsync()).Succeeded);
        Assert.True(lab.RunOf(owned).IsRestartPending);
        Assert.Equal(["anna"], (await lab.Lab.GetSessionsAsync(owned, None))!.Select(s => s.UserName));
        Assert.False(lab.RunOf(empty).IsRestartPending);
        Assert.Equal([VmPowerState.Saved, VmPowerState.Running, VmPowerState.Saved], await lab.StatesAsync());
        Assert.Contains(lab.Store.GetJournal(lab.Lab.HostId, DateTime.UnixEpoch), j => j.Vm == visited && j.Reason == RunReason.UserArrived);
    }

    [Fact]
    public async Task A_guest_that_fails_twice_is_tried_again_by_its_rule_and_the_context_reaches_it_each_time_byte_for_byte()
    {
        byte[] context = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7 & 0xFF))];
        using BrokerLab lab = await BrokerLab.CreateAsync(1);
        await lab.Lab.SetGuestScriptAsync(lab.Machines[0], new LabGuestScript { End = LabGuestEnd.Fails, EndTimes = 2 }, None);
        lab.Register(t => t with { Retry = new RetryRule(2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) }, TaskPayload.FromContext(context));
        await lab.WorkAsync(BrokerUntil.Empty);
        Assert.Equal((RunState.Succeeded, 3), (lab.RunOf(lab.Machines[0]).State, lab.RunOf(lab.Machines[0]).Attempt));
        IReadOnlyList<LabDelivery> deliveries = lab.Lab.GetDeliveries(lab.Machines[0]);
        Assert.Equal([1, 2, 3], deliveries.Select(d => d.Attempt));
        Assert.All(deliveries, d => Assert.Equal(context, d.Payload.ToArray()));
    }

    [Fact]
    public async Task A_host_that_never_answers_does_not_hold_the_broker_and_the_machine_is_reported()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(2);
        await lab.SetAllAsync(VmPowerState.Saved);
        using var answer = new ManualResetEventSlim();
        int lists = 0;
        lab.Reopen(beforeCall: call =>
        {
            bool isFirstStart = call.Operation == "Start" && call.Vm == lab.Machines[0];
            if (isFirstStart || (call.Operation == "List" && Interlocked.Increment(ref lists) == 2))
            {
                answer.Wait(TimeSpan.FromSeconds(60));
            }
        });
        lab.Register();
        using (TaskBroker broker = TaskBroker.Open(lab.Services(callLimit: TimeSpan.FromSeconds(1))))
        {
            BrokerReport report = await broker.RunAsync(BrokerUntil.NothingDue, CancellationToken.None, BrokerLab.Soon);
            Assert.Equal((1, 1), (report.Succeeded, report.Failed));
            Assert.Equal((lab.Machines[0], RunReason.CallNotEnded), (report.LeftAwake.Single().Vm, report.LeftAwake.Single().Reason));
        }

        answer.Set();
        lab.Reopen();

        // The call that was given up may end in the midst of the next broker's work: then the one after it puts the machine back.
        long begun = Stopwatch.GetTimestamp();
        while ((await lab.WorkAsync()).LeftAwake.Count > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(1), "the machine stays awake");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.All(await lab.StatesAsync(), s => Assert.Equal(VmPowerState.Saved, s));
        Assert.DoesNotContain(VmMarks.Woken, (await lab.Lab.GetMarksAsync(lab.Machines[0], None)).Keys);
    }

    [Fact]
    public async Task An_urgent_task_is_seen_by_a_broker_in_another_process()
    {
        using BrokerLab lab = await BrokerLab.CreateAsync(1);
        using Process broker = CrashHost.Start("work", lab.Lab.Folder);
        Assert.Equal("ready", await broker.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        StoreException refused = Assert.Throws<StoreException>(() => TaskBroker.Open(lab.Services()));
        Assert.Contains($"process {broker.Id} ", refused.Message, StringComparison.Ordinal);

        long start = Stopwatch.GetTimestamp();
        UpdateTask task = lab.Register(t => t with { IsUrgent = true });
        UpdateRun run;
        while ((run = lab.RunOf(lab.Machines[0])).Ended is null && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
        {
            await Task.Delay(1, None);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"begun {(run.Started - task.Registered)?.TotalMilliseconds:0} ms after registration");
        broker.StandardInput.Close();
        Assert.Equal("1 succeeded", await broker.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.True(broker.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(RunState.Succeeded, lab.RunOf(lab.Machines[0]).State);
    }
}
