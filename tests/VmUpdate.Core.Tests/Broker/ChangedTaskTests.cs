using VmUpdate.Core.Broker;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

public sealed class ChangedTaskTests
{
    [Fact]
    public void A_run_that_waits_goes_by_the_changed_start_time()
    {
        var bench = new BrokerBench(new HostLimits { SettleTime = TimeSpan.Zero, MaxAwake = 1 });
        TargetMachine vm = bench.Vm(1);
        UpdateTask task = SampleTask.Make() with { Schedule = new TaskSchedule { StartTime = SampleTask.Now.AddHours(1) } };
        UpdateRun run = bench.Register(task, vm);
        UpdateTask changed = task with { Schedule = new TaskSchedule { StartTime = SampleTask.Now.AddHours(3) } };
        bench.Step(new Observation.TaskAdded(changed, [RunPlanner.Postpone(changed, run, SampleTask.Now.AddHours(3), 1, TimeSpan.Zero)]));
        bench.After(TimeSpan.FromHours(2));
        Assert.Empty(bench.Last.Actions);
        bench.After(TimeSpan.FromHours(1.1));
        Assert.Equal(vm.Key, bench.Ordered<BrokerAction.Wake>().Vm);
    }

    [Fact]
    public void A_host_that_the_administrator_put_into_maintenance_begins_nothing()
    {
        var bench = new BrokerBench(new HostLimits { SettleTime = TimeSpan.Zero, IsInMaintenance = true });
        UpdateRun run = bench.Register(SampleTask.Make(), bench.Vm(1));
        Assert.Equal(RunReason.HostInMaintenance, bench.Why(run).Reason);
        Assert.Empty(bench.Last.Actions);
    }
}
