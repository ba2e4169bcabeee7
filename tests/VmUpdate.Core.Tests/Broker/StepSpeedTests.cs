using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Tests.Tasks;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

[Trait("Kind", "Speed")]
public sealed class StepSpeedTests
{
    [Fact]
    public void A_step_with_a_hundred_thousand_pending_runs_costs_what_is_due()
    {
        var state = new BrokerState(1);
        DateTime begin = SampleTask.Now;
        TargetMachine[] machines = [.. Enumerable.Range(1, 1000).Select(n => SampleTask.Machine(n))];
        var observations = new List<Observation> { BrokerBench.Load(), new Observation.LimitsSet(new HostLimits { StartJitter = TimeSpan.Zero }) };
        observations.AddRange(machines.Select(m => new Observation.VmSeen(m, VmPowerState.Saved, "C:", null)));
        for (int i = 1; i <= 100; i++)
        {
            UpdateTask task = SampleTask.Make(number: i);
            observations.Add(new Observation.TaskAdded(task, [.. machines.Select((m, n) =>
                RunPlanner.Plan(task, m, 1, begin.AddMinutes(60 + (((i * 1000) + n) / 100)), 1, TimeSpan.Zero))]));
        }

        BrokerStep.Step(state, new BrokerTime(begin, TimeSpan.Zero), observations);
        Assert.Equal(100_000, state.Runs.Count);

        double idle = MedianMilliseconds(200, i => BrokerStep.Step(state, At(begin, TimeSpan.FromMilliseconds(i)), []));
        double due = MedianMilliseconds(40, i => Assert.InRange(StepDue(state, begin, i), 0, 1000));
        TestContext.Current.TestOutputHelper?.WriteLine($"nothing due {idle:0.0000} ms, 100 due {due:0.000} ms");
        Assert.True(idle <= 0.1, $"{idle} ms with nothing due");
        Assert.True(due <= 2, $"{due} ms with 100 due");
    }

    private static int StepDue(BrokerState state, DateTime begin, int minute)
    {
        BrokerTime time = At(begin, TimeSpan.FromMinutes(70 + minute));
        return BrokerStep.Step(state, time, [BrokerBench.Load(cpu: 99)]).Runs.Count;
    }

    private static BrokerTime At(DateTime begin, TimeSpan time) => new(begin + time, time);

    private static double MedianMilliseconds(int times, Action<int> work)
    {
        var spans = new List<double>();
        for (int i = 0; i < times; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work(i);
            spans.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        spans.Sort();
        return spans[times / 2];
    }
}
