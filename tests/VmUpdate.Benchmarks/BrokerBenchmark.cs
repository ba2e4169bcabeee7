using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Simulation.World;

namespace VmUpdate.Benchmarks;

/// <summary>The broker's step with much to do, and the simulated world.</summary>
internal static class BrokerBenchmark
{
    private const string Job = "one step, 100,000 pending runs on 1,000 machines";
    private const int Machines = 1000;
    private const int Tasks = 100;
    private const double AllowedIdle = 0.1;
    private const double AllowedDue = 2;
    private const long SimulatedSteps = 150_000;
    private const double AllowedVmSteps = 200_000;
    private static readonly DateTime Begin = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>Measures.</summary>
    public static void Run(Figures figures)
    {
        var state = new BrokerState(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Fill(state);
        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        figures.Tell(Job, "memory", $"{bytes / 1048576.0:0} MiB, {bytes / state.Runs.Count} bytes a run");

        (double idle, string idleSpread) = Median(400, i => BrokerStep.Step(state, At(TimeSpan.FromMilliseconds(i)), []));
        figures.Add(Job, "nothing due, median of 400", $"<= {AllowedIdle} ms", $"{idle:0.0000} ms ({idleSpread})", idle <= AllowedIdle);
        (double due, string dueSpread) = Median(60, i => BrokerStep.Step(state, At(TimeSpan.FromMinutes(70 + i)), [Load(99)]));
        figures.Add(Job, "100 due, median of 60", $"<= {AllowedDue} ms", $"{due:0.000} ms ({dueSpread})", due <= AllowedDue);

        Campaign.Run(1, SimulatedSteps / 10);
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        CampaignResult played = Campaign.Run(2, SimulatedSteps);
        double perCpu = played.VmSteps / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        figures.Add(
            "simulation with faults, invariants checked",
            "VM-steps a second of one core",
            $">= {AllowedVmSteps:N0}",
            $"{perCpu:N0} ({played.Worlds} worlds, {played.Steps:N0} steps; {played.VmSteps / played.Elapsed.TotalSeconds:N0} by the clock)",
            perCpu >= AllowedVmSteps);
    }

    private static void Fill(BrokerState state)
    {
        TargetMachine[] machines = [.. Enumerable.Range(1, Machines).Select(n =>
            new TargetMachine(new VmKey("host", new Guid(n, 1, 0, new byte[8])), $"PC{n}", TargetKinds.Personal, null, 4L << 30))];
        var observations = new List<Observation> { Load(10), new Observation.LimitsSet(new HostLimits { StartJitter = TimeSpan.Zero }) };
        observations.AddRange(machines.Select(m => new Observation.VmSeen(m, VmPowerState.Saved, "C:", null)));
        for (int i = 1; i <= Tasks; i++)
        {
            UpdateTask task = Make(i);
            int first = i * Machines;
            observations.Add(new Observation.TaskAdded(task, [.. machines.Select((m, n) =>
                RunPlanner.Plan(task, m, 1, Begin.AddMinutes(60 + ((first + n) / 100)), 1, TimeSpan.Zero))]));
        }

        BrokerStep.Step(state, At(TimeSpan.Zero), observations);
    }

    private static UpdateTask Make(int number) => new()
    {
        Id = new Guid(number, 0, 0, new byte[8]),
        Name = $"task {number}",
        Kind = UpdateTaskKind.ApplicationUpgrade,
        Instructor = "WindowsUpdate",
        Payload = TaskPayload.FromCommand("update").Info,
        Targets = new TaskTargets { Kinds = TargetKinds.All },
        Timeouts = PhaseTimeouts.Of(UpdateTaskKind.ApplicationUpgrade),
        MaxRestarts = 1,
        Registered = Begin,
    };

    private static Observation.HostMeasured Load(double cpu) => new(new HostLoad(cpu, 50L << 30, 64L << 30));

    private static BrokerTime At(TimeSpan time) => new(Begin + time, time);

    private static (double Median, string Spread) Median(int times, Action<int> work)
    {
        double[] spans = new double[times];
        for (int i = 0; i < times; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work(i);
            spans[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(spans);
        return (spans[times / 2], $"{spans[0]:0.0000}-{spans[^1]:0.00}");
    }
}
