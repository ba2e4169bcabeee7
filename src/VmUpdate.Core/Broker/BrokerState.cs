using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

/// <summary>
/// All that the broker knows: open work only. It belongs to whoever steps it, is changed by <see cref="BrokerStep"/> alone, and is used by one
/// thread. The same state with the same observations gives the same result.
/// </summary>
internal sealed class BrokerState
{
    /// <summary>Makes an empty state.</summary>
    /// <param name="jitterSeed">Where the start jitter comes from.</param>
    /// <param name="onlyTask">The task whose runs alone may begin; <see langword="null"/> for all.</param>
    public BrokerState(int jitterSeed, Guid? onlyTask = null)
    {
        JitterSeed = jitterSeed;
        OnlyTask = onlyTask;
    }

    /// <summary>Where the start jitter comes from.</summary>
    public int JitterSeed { get; }

    /// <summary>The task whose runs alone may begin; <see langword="null"/> for all. What is under way of others goes on, and is put back.</summary>
    public Guid? OnlyTask { get; }

    /// <summary>The load gate with its counts.</summary>
    public LoadGate Gate { get; } = new();

    /// <summary>The tasks.</summary>
    public Dictionary<Guid, TrackedTask> Tasks { get; } = [];

    /// <summary>The machines.</summary>
    public Dictionary<VmKey, TrackedVm> Vms { get; } = [];

    /// <summary>The runs that have not ended.</summary>
    public Dictionary<Guid, TrackedRun> Runs { get; } = [];

    /// <summary>Waiting runs by the time at which their schedule must be asked again.</summary>
    public SortedSet<(long Ticks, long Ordinal, TrackedRun Run)> Timers { get; } = new(TimerOrder.Instance);

    /// <summary>The first run of each machine that needs no waking.</summary>
    public SortedDictionary<RunKey, TrackedRun> ReadyAwake { get; } = [];

    /// <summary>The first run of each machine that must be woken.</summary>
    public SortedDictionary<RunKey, TrackedRun> ReadyAsleep { get; } = [];

    /// <summary>The machines with something under way, in the order in which it began.</summary>
    public List<TrackedVm> Watched { get; } = [];

    /// <summary>The actions that are under way.</summary>
    public Dictionary<long, (TrackedVm Vm, BrokerAction Action)> Pending { get; } = [];

    /// <summary>Tasks that come again and may take in machines that appear later.</summary>
    public HashSet<TrackedTask> OpenEndedTasks { get; } = [];

    /// <summary>The number of the last action.</summary>
    public long LastAction { get; set; }

    /// <summary>The last place in the order of registration.</summary>
    public long LastOrdinal { get; set; }

    /// <summary>The time of the last step.</summary>
    public BrokerTime Now { get; set; }

    /// <summary>Whether all work was suspended.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether it is to stop.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Whether something changed that the gate or the order depends on.</summary>
    public bool MustLookForStarts { get; set; } = true;

    /// <summary>Why no run begins at all; open when the gate let the first one through.</summary>
    public GateDecision WhyNoRun { get; set; } = GateDecision.Open;

    /// <summary>Why no machine is woken.</summary>
    public GateDecision WhyNoWake { get; set; } = GateDecision.Open;

    /// <summary>Whether nothing is under way and no machine is awake for updates but those left so.</summary>
    public bool IsQuiet => Watched.TrueForAll(vm => vm.Care == VmCare.Left && vm.Active is null);

    /// <summary>Why a run waits, with the numbers.</summary>
    /// <param name="run">The run.</param>
    /// <returns>The reason; open when it does not wait.</returns>
    public GateDecision WhyWaiting(TrackedRun run)
    {
        if (!run.State.IsWaiting())
        {
            return GateDecision.Open;
        }

        if (run.State == RunState.Held || !run.Vm.Queue.ContainsKey(run.Key))
        {
            return new GateDecision(run.Data.Reason, run.Data.Detail);
        }

        if (run.Vm.Offered is not { } offered)
        {
            return run.Vm.Active is { } active
                ? new(RunReason.WaitingForEarlierRun, $"task '{active.Task.Task.Name}' is under way on the machine")
                : new(RunReason.WaitingForVm, $"the machine is {run.Vm.Power}{(run.Vm.Care == VmCare.None ? string.Empty : $", {run.Vm.Care}")}");
        }

        if (offered != run.Key)
        {
            return new(RunReason.WaitingForEarlierRun, $"task '{run.Vm.Queue[offered].Task.Task.Name}' goes first on the machine");
        }

        if (!WhyNoRun.IsOpen)
        {
            return WhyNoRun;
        }

        return run.Vm.IsOfferedAsleep && !WhyNoWake.IsOpen ? WhyNoWake : run.Waits;
    }

    private sealed class TimerOrder : IComparer<(long Ticks, long Ordinal, TrackedRun Run)>
    {
        public static readonly TimerOrder Instance = new();

        public int Compare((long Ticks, long Ordinal, TrackedRun Run) x, (long Ticks, long Ordinal, TrackedRun Run) y)
        {
            int byTime = x.Ticks.CompareTo(y.Ticks);
            return byTime != 0 ? byTime : x.Ordinal.CompareTo(y.Ordinal);
        }
    }
}
