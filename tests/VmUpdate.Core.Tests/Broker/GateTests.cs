using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

public sealed class GateTests
{
    private static int Wakes(BrokerBench bench) => bench.Last.Actions.OfType<BrokerAction.Wake>().Count();

    [Fact]
    public void No_more_machines_are_woken_than_may_be_awake_and_the_others_say_so_with_numbers()
    {
        var bench = new BrokerBench();
        TargetMachine[] machines = [.. Enumerable.Range(1, 5).Select(n => bench.Vm(n, volume: n.ToString(System.Globalization.CultureInfo.InvariantCulture)))];
        bench.Register(SampleTask.Make(), machines);
        Assert.Equal(2, Wakes(bench));
        GateDecision why = bench.State.WhyWaiting(bench.State.Runs.Values.First(r => r.State == RunState.Pending));
        Assert.Equal(new GateDecision(RunReason.WaitingForAwakeSlot, "2 of 2 machines are awake for updates"), why);
    }

    [Fact]
    public void Busy_processors_close_the_gate_and_it_opens_again_only_well_below_the_ceiling()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        bench.Step(BrokerBench.Load(cpu: 70));
        UpdateRun run = bench.Register(SampleTask.Make(), vm);
        Assert.Equal(new GateDecision(RunReason.WaitingForCpu, "70 % of the processors in use, ceiling 70 %, opens below 60 %"), bench.Why(run));
        bench.Step(BrokerBench.Load(cpu: 65));
        Assert.Equal(0, Wakes(bench));
        bench.Step(BrokerBench.Load(cpu: 59));
        Assert.Equal(1, Wakes(bench));
    }

    [Fact]
    public void A_ceiling_of_100_percent_is_none()
    {
        var bench = new BrokerBench(new HostLimits { SettleTime = TimeSpan.Zero, CpuCeilingPercent = 100 });
        TargetMachine vm = bench.Vm(1);
        bench.Step(BrokerBench.Load(cpu: 100));
        bench.Register(SampleTask.Make(), vm);
        Assert.Equal(1, Wakes(bench));
    }

    [Fact]
    public void A_load_that_is_no_number_closes_the_gate()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        bench.Step(BrokerBench.Load(cpu: double.NaN));
        Assert.Equal(RunReason.WaitingForCpu, bench.Why(bench.Register(SampleTask.Make(), vm)).Reason);
    }

    [Fact]
    public void Too_little_memory_keeps_a_machine_asleep_with_what_is_there_and_what_is_needed()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        bench.Step(BrokerBench.Load(freeGiB: 2, totalGiB: 32));
        UpdateRun run = bench.Register(SampleTask.Make(), vm);
        Assert.Equal(new GateDecision(RunReason.WaitingForMemory, "2.0 GiB free, 4.0 GiB needed + 4.0 GiB reserve"), bench.Why(run));
        Assert.Equal(RunReason.WaitingForMemory, bench.Get(run).Reason);
        bench.Step(BrokerBench.Load(freeGiB: 8, totalGiB: 32));
        Assert.Equal(0, Wakes(bench)); // hysteresis
        bench.Step(BrokerBench.Load(freeGiB: 9, totalGiB: 32));
        Assert.Equal(1, Wakes(bench));
    }

    [Fact]
    public void With_scripted_curves_no_machine_is_woken_beyond_the_limits_and_none_swings()
    {
        var limits = new HostLimits { SettleTime = TimeSpan.FromSeconds(10), MaxAwake = 4, MaxAwakePerVolume = 4 };
        var bench = new BrokerBench(limits);
        bench.Step(new Observation.HostHeld(true));
        bench.Register(SampleTask.Make(), [.. Enumerable.Range(1, 40).Select(n => bench.Vm(n))]);
        bench.Step(new Observation.HostHeld(false));
        var wakes = new Dictionary<VmKey, int>();
        int swings = 0;
        bool wasOpen = true;
        for (int second = 0; second < 3600; second += 5)
        {
            // A slow wave through the ceiling with a quick ripple on it, and memory that falls and comes back.
            double cpu = 65 + (15 * Math.Sin(second / 300.0)) + (4 * Math.Sin(second / 7.0));
            long free = (long)((10 + (6 * Math.Cos(second / 500.0))) * (1L << 30));
            List<Observation> seen = [new Observation.HostMeasured(new HostLoad(cpu, free, 64L << 30))];
            seen.AddRange(bench.State.Pending.Values.Select(p => new Observation.ActionEnded(p.Action.Id, null)));
            seen.AddRange(bench.State.Vms.Values.Where(v => v.Active is not null).SelectMany(v => new Observation[]
            {
                new Observation.GuestAnswered(v.Key, []), new Observation.GuestReported(v.Key, v.Active!.Data.Id, 1, (int)GuestStatus.Success, null, false, string.Empty),
            }));
            foreach (BrokerAction.Wake wake in bench.Advance(TimeSpan.FromSeconds(5), seen).Actions.OfType<BrokerAction.Wake>())
            {
                Assert.True(cpu < limits.CpuCeilingPercent && free >= (4L << 30) + limits.ReserveOf(64L << 30), $"woken at {cpu:0} %, {ByteCount.Text(free)}");
                wakes[wake.Vm] = wakes.GetValueOrDefault(wake.Vm) + 1;
            }

            bool isOpen = bench.State.WhyNoRun.Reason != RunReason.WaitingForCpu;
            swings += isOpen == wasOpen ? 0 : 1;
            wasOpen = isOpen;
            Assert.All(bench.State.Runs.Values.Where(r => r.State == RunState.Pending), r => Assert.Matches("[0-9]", bench.State.WhyWaiting(r).Detail));
        }

        Assert.True(wakes.Count > 5);
        Assert.All(wakes.Values, times => Assert.Equal(1, times));
        Assert.InRange(swings, 2, 6); // the slow wave closes and opens it, the ripple does not
    }

    [Fact]
    public void A_paused_machine_needs_no_memory()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1, VmPowerState.Paused);
        bench.Step(BrokerBench.Load(freeGiB: 2));
        bench.Register(SampleTask.Make(), vm);
        Assert.Equal(1, Wakes(bench));
    }

    [Fact]
    public void A_machine_larger_than_the_host_is_said_never_to_fit_and_does_not_hold_back_others()
    {
        var bench = new BrokerBench();
        TargetMachine large = SampleTask.Machine(1, memoryGiB: 100);
        bench.Step(new Observation.VmSeen(large, VmPowerState.Off, "C:", null));
        UpdateRun run = bench.Register(SampleTask.Make(), large, bench.Vm(2));
        Assert.Equal(RunReason.NeverFits, bench.Why(run).Reason);
        Assert.Equal(1, Wakes(bench));
    }

    [Fact]
    public void After_a_wake_the_host_settles_first()
    {
        var bench = new BrokerBench(new HostLimits());
        bench.Register(SampleTask.Make(), bench.Vm(1), bench.Vm(2));
        Assert.Equal(1, Wakes(bench));
        Assert.Equal(TimeSpan.FromSeconds(60), bench.Last.NextIn);
        bench.After(TimeSpan.FromSeconds(59));
        Assert.Equal(0, Wakes(bench));
        bench.After(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Wakes(bench));
    }

    [Fact]
    public void No_room_to_save_a_machine_again_keeps_it_asleep()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        bench.Step(new Observation.HostMeasured(new HostLoad(1, 50L << 30, 64L << 30) { VolumeFreeBytes = new Dictionary<string, long> { ["C:"] = 5L << 30 } }));
        Assert.Equal("5.0 GiB free on 'C:', 4.0 GiB to save it again + 2.0 GiB reserve", bench.Why(bench.Register(SampleTask.Make(), vm)).Detail);
    }

    [Theory]
    [InlineData(true, false, RunReason.HostInMaintenance)]
    [InlineData(false, true, RunReason.HostShuttingDown)]
    public void A_host_on_its_way_out_starts_nothing(bool maintenance, bool shuttingDown, RunReason reason)
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        bench.Step(new Observation.HostMeasured(new HostLoad(1, 50L << 30, 64L << 30) { IsInMaintenance = maintenance, IsShuttingDown = shuttingDown }));
        Assert.Equal(reason, bench.Why(bench.Register(SampleTask.Make(), vm)).Reason);
    }

    [Fact]
    public void An_old_measurement_starts_nothing()
    {
        var bench = new BrokerBench();
        TargetMachine vm = bench.Vm(1);
        UpdateTask task = SampleTask.Make() with { Schedule = new TaskSchedule { StartTime = SampleTask.Now.AddHours(1) }, IsUrgent = true };
        UpdateRun run = bench.Register(task, vm);
        bench.After(TimeSpan.FromMinutes(58));
        BrokerStep.Step(bench.State, new BrokerTime(SampleTask.Now.AddHours(1), TimeSpan.FromHours(1)), []);
        Assert.Equal(RunReason.WaitingForMeasurement, bench.Why(run).Reason);
    }

    [Fact]
    public void One_instructor_and_one_volume_have_limits_of_their_own()
    {
        var bench = new BrokerBench(new HostLimits { SettleTime = TimeSpan.Zero, MaxAwake = 9, MaxRuns = 9, MaxRunsPerInstructor = 3, MaxAwakePerVolume = 1 });
        bench.Step(new Observation.HostHeld(true));
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1), bench.Vm(2), bench.Vm(3, volume: "D:"), bench.Vm(4, VmPowerState.Running), bench.Vm(5, VmPowerState.Running));
        bench.Step(new Observation.HostHeld(false));
        Assert.Equal(2, Wakes(bench));
        Assert.Equal(
            [RunReason.WaitingForVolume, RunReason.WaitingForInstructor],
            bench.State.Runs.Values.Where(r => r.State == RunState.Pending).OrderBy(r => r.Ordinal).Select(r => bench.State.WhyWaiting(r).Reason));
        Assert.Equal(RunState.Waking, bench.Get(run).State);
    }

    [Fact]
    public void Urgent_goes_first_then_the_earliest_deadline_then_registration_and_nothing_starves()
    {
        UpdateTask plain = SampleTask.Make();
        UpdateTask late = plain with { Schedule = new TaskSchedule { Deadline = SampleTask.Now.AddHours(8) } };
        UpdateTask soon = plain with { Schedule = new TaskSchedule { Deadline = SampleTask.Now.AddHours(2) } };
        UpdateTask urgent = plain with { IsUrgent = true };
        DateTime now = SampleTask.Now;
        RunKey[] keys = [RunKey.Of(urgent, now, 5), RunKey.Of(soon, now, 4), RunKey.Of(late, now, 3), RunKey.Of(plain, now, 1), RunKey.Of(plain, now, 2)];
        Assert.Equal(keys, keys.Reverse().Order());
        Assert.True(RunKey.Of(plain, now, 9).CompareTo(RunKey.Of(urgent, now.AddDays(9), 1)) < 0);
        Assert.True(RunKey.Of(plain, now, 9).CompareTo(RunKey.Of(soon, now.AddDays(2), 1)) < 0);
    }

    [Fact]
    public void An_urgent_run_goes_first_and_preempts_nothing()
    {
        var bench = new BrokerBench(new HostLimits { SettleTime = TimeSpan.Zero, MaxAwake = 1 });
        UpdateRun first = bench.Register(SampleTask.Make(), bench.Vm(1), bench.Vm(2));
        UpdateRun urgent = bench.Register(SampleTask.Make(number: 2) with { IsUrgent = true }, bench.Vm(3));
        Assert.Equal(RunState.Waking, bench.Get(first).State);
        bench.Step(new Observation.CancelAsked(first.Id));
        BrokerAction pending = bench.State.Pending.Values.Single().Action;
        bench.Ended(pending);
        bench.AnswerSessions();
        bench.Ended(bench.Ordered<BrokerAction.PutBack>());
        Assert.Equal(urgent.Vm, bench.Ordered<BrokerAction.Wake>().Vm);
    }
}
