using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>The dry run: the order and the times, without changing anything.</summary>
public static class BrokerPlan
{
    // A schedule whose windows were asked so often and is still closed never opens before its end.
    private const int MostAsks = 64;

    /// <summary>Makes the plan of a host as it is now. Takes no lease and writes nothing.</summary>
    /// <param name="services">What to work with.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The waiting runs in the order in which they would begin; last those that never would.</returns>
    public static async Task<IReadOnlyList<PlannedRun>> MakeAsync(BrokerServices services, CancellationToken cancellation)
    {
        string hostId = services.Hypervisor.HostId;
        var state = new BrokerState(StartJitter.SeedOf(hostId));
        List<Observation> observations = BrokerLoader.Load(services.Store, hostId);
        var watch = new HostWatch(services);
        await watch.LookAsync([], observations, cancellation).ConfigureAwait(false);
        await watch.MeasureAsync(observations, cancellation).ConfigureAwait(false);

        // Suspended for this state alone: so that the order is there and nothing begins.
        bool isHeld = observations.Any(o => o is Observation.HostHeld { IsHeld: true });
        observations.Add(new Observation.HostHeld(true));
        var now = new BrokerTime(services.Clock.UtcNow, services.Clock.Monotonic);
        BrokerStep.Step(state, now, observations);
        state.IsHeld = isHeld;
        state.WhyNoRun = isHeld ? state.WhyNoRun : state.Gate.MayRun(now.Monotonic);
        return Make(state);
    }

    /// <summary>Makes the plan of a state.</summary>
    /// <param name="state">The state, after a step.</param>
    /// <returns>The waiting runs in the order in which they would begin.</returns>
    internal static IReadOnlyList<PlannedRun> Make(BrokerState state)
    {
        DateTime now = state.Now.Utc;
        var waiting = new SortedSet<(DateTime From, RunKey Key)>();
        var runs = new Dictionary<RunKey, TrackedRun>();
        var never = new List<PlannedRun>();
        foreach (TrackedRun run in state.Runs.Values.Where(r => r.State.IsWaiting()))
        {
            if (run.State == RunState.Pending && EarliestStart(run, now) is { } from)
            {
                waiting.Add((from, run.Key));
                runs.Add(run.Key, run);
            }
            else
            {
                never.Add(Describe(state, run, null));
            }
        }

        return [.. Place(state, waiting, runs, now), .. never];
    }

    /// <summary>Lets the runs begin one after the other, each as soon as its time, its machine and one of the places allow.</summary>
    private static IEnumerable<PlannedRun> Place(
        BrokerState state, SortedSet<(DateTime From, RunKey Key)> waiting, Dictionary<RunKey, TrackedRun> runs, DateTime now)
    {
        int places = Math.Min(state.Gate.Limits.MaxAwake, state.Gate.Limits.MaxRuns);
        List<DateTime> freeFrom = [.. Enumerable.Repeat(now, places)];
        var ready = new SortedDictionary<RunKey, TrackedRun>();
        var vmFree = new Dictionary<VmKey, DateTime>();
        while (waiting.Count + ready.Count > 0)
        {
            int place = freeFrom.IndexOf(freeFrom.Min());
            DateTime time = freeFrom[place];
            if (ready.Count == 0 && waiting.Min.From > time)
            {
                time = waiting.Min.From;
            }

            while (waiting.Count > 0 && waiting.Min.From <= time)
            {
                RunKey due = waiting.Min.Key;
                waiting.Remove(waiting.Min);
                ready.Add(due, runs[due]);
            }

            TrackedRun first = ready.Values.First();
            ready.Remove(first.Key);
            if (vmFree.TryGetValue(first.Vm.Key, out DateTime free) && free > time)
            {
                waiting.Add((free, first.Key));
                continue;
            }

            DateTime through = time + UsualDuration(first.Task.Task.Kind);
            freeFrom[place] = through;
            vmFree[first.Vm.Key] = through;
            yield return Describe(state, first, time);
        }
    }

    private static DateTime? EarliestStart(TrackedRun run, DateTime now)
    {
        DateTime time = now;
        for (int i = 0; i < MostAsks; i++)
        {
            StartVerdict verdict = run.Task.Calendar.Ask(time, run.Data.NotBefore);
            if (verdict.MayStart)
            {
                return time;
            }

            if (verdict.IsOver || verdict.Until == DateTime.MaxValue)
            {
                return null;
            }

            time = verdict.Until;
        }

        return null;
    }

    private static PlannedRun Describe(BrokerState state, TrackedRun run, DateTime? start)
    {
        GateDecision why = state.WhyWaiting(run);
        return new PlannedRun(
            run.Data.Id, run.Task.Task.Name, run.Vm.Key, run.Data.VmName, start, run.Vm.IsAsleep, why.IsOpen ? string.Empty : $"{why.Reason}: {why.Detail}");
    }

    private static TimeSpan UsualDuration(UpdateTaskKind kind) => kind switch
    {
        UpdateTaskKind.OperatingSystemUpgrade => TimeSpan.FromMinutes(60),
        UpdateTaskKind.Configuration => TimeSpan.FromMinutes(3),
        _ => TimeSpan.FromMinutes(15),
    };
}
