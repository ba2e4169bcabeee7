using VmUpdate.Core.Broker;
using VmUpdate.Core.Tests.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

public sealed class RunExplanationTests
{
    private static readonly DateTime Now = SampleTask.Now;

    private static UpdateRun Run(RunReason reason = RunReason.None, string detail = "") =>
        RunPlanner.First(SampleTask.Make(), [SampleTask.Machine(1)], 1, TimeSpan.Zero)[0] with { Reason = reason, Detail = detail };

    private static BrokerStatus Said(string noRun, string noWake) => new(false, noRun, noWake, Now);

    [Theory]
    [InlineData("", "WaitingForSettling: 30 s left", true, RunReason.WaitingForSettling)]
    [InlineData("", "WaitingForSettling: 30 s left", false, RunReason.WaitingForMemory)]
    [InlineData("WaitingForCpu: 90 %", "WaitingForSettling: 30 s left", true, RunReason.WaitingForCpu)]
    [InlineData("", "", true, RunReason.WaitingForMemory)]
    public void What_holds_up_all_runs_comes_before_what_holds_up_this_one(string noRun, string noWake, bool isAsleep, RunReason expected) => Assert.Equal(
        expected,
        RunExplanation.Of(Run(RunReason.WaitingForMemory, "2.1 GiB free"), SampleTask.Make(), Said(noRun, noWake), isAsleep, Now).Reason);

    [Fact]
    public void A_run_whose_time_has_come_does_not_show_the_wait_for_it()
    {
        UpdateRun run = Run(RunReason.NotBeforeStart, "not before noon");
        Assert.Equal(RunReason.None, RunExplanation.Of(run, SampleTask.Make(), null, true, Now).Reason);
        Assert.Equal(RunReason.NotBeforeStart, RunExplanation.Of(run with { NotBefore = Now.AddHours(1) }, SampleTask.Make(), Said("WaitingForCpu: 90 %", ""), true, Now).Reason);
    }

    [Fact]
    public void A_run_that_has_begun_says_what_the_broker_wrote()
    {
        UpdateRun run = Run(RunReason.GuestReported, "applying") with { State = RunState.Applying };
        Assert.Equal(new RunExplanation(RunReason.GuestReported, "applying"), RunExplanation.Of(run, SampleTask.Make(), Said("WaitingForCpu: 90 %", ""), true, Now));
    }
}
