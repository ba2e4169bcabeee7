using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Simulation.World;

// The broker's driver and its store, as the world has them.
internal sealed partial class SimulatedWorld
{
    private readonly Dictionary<Guid, UpdateRun> _storedRuns = [];
    private readonly Dictionary<VmKey, AwakeMachine> _storedAwake = [];
    private readonly HashSet<Guid> _removedTasks = [];
    private readonly HashSet<Guid> _heldTasks = [];
    private TimeSpan? _lastNextIn;
    private bool _isRestartDue;
    private List<Observation> _heard = [];
    private TimeSpan _measuredAt;
    private double _cpu = 20;
    private long _othersMemory;

    private const long HostMemory = 160L << 30;

    private void StepBroker()
    {
        var observations = new List<Observation>(_observations);
        _heard = observations;
        _observations.Clear();
        StepResult result;
        try
        {
            result = BrokerStep.Step(State, new BrokerTime(Utc, Monotonic), observations);
        }
        catch (Exception failure) when (failure is not SimulationFailedException)
        {
            throw new SimulationFailedException($"seed {Seed}, step {Steps}: the step threw {failure}");
        }

        Steps++;
        Tell(observations, result);
        CheckStep(result, observations);
        bool mayDie = !_isCalm && _options.Faults > 0;
        if (_isRestartDue || (mayDie && Happens(_options.Faults * 0.02)))
        {
            Die();
            return;
        }

        Store(result);
        _heard = [];
        _lastNextIn = result.NextIn;
        foreach (BrokerAction action in result.Actions)
        {
            if (mayDie && Happens(_options.Faults * 0.02))
            {
                Die();
                return;
            }

            CarryOut(action);
        }
    }

    private void Tell(List<Observation> observations, StepResult result)
    {
        if (Trace is { } trace)
        {
            observations.Where(o => o is not Observation.HostMeasured).ToList().ForEach(o => trace($"{Steps} < {o}"));
            result.Journal.ForEach(j => trace($"{Steps} = {j.Vm?.VmId.ToString().Substring(0, 8)} {j.RunId} {j.State} {j.Reason} {j.Detail}"));
            result.Actions.ForEach(a => trace($"{Steps} > {a}"));
        }
    }

    private void Store(StepResult result)
    {
        foreach (UpdateRun run in result.Runs)
        {
            _storedRuns[run.Id] = run;
        }

        foreach (AwakeMachine awake in result.Awake)
        {
            _storedAwake[awake.Vm] = awake;
        }

        foreach (VmKey vm in result.NotAwake)
        {
            _storedAwake.Remove(vm);
            if (_vms.TryGetValue(vm, out SimulatedVm? through))
            {
                through.WokenFrom = null;
            }
        }

        _heldTasks.UnionWith(result.HeldTasks);
    }

    /// <summary>The broker dies, with all that it knows and waits for, and another one starts from what was written down.</summary>
    private void Die()
    {
        Deaths++;
        _isRestartDue = false;
        foreach (Observation.GuestReported lost in _heard.Concat(_observations).OfType<Observation.GuestReported>())
        {
            // Heard by a broker that died before it could write it down: nobody knows it now.
            _vms[lost.Vm].Guest.Told = GuestStatus.Unknown;
        }

        _vmList.ForEach(SpeakUp);
        _observations.Clear();
        State = new BrokerState(Seed);
        List<Observation> restored = _observations;
        restored.Add(new Observation.LimitsSet(_options.Limits));
        foreach (UpdateTask task in _tasks.Values)
        {
            ILookup<bool, UpdateRun> runs = _storedRuns.Values.Where(r => r.TaskId == task.Id).ToLookup(r => r.State.IsEnded());
            restored.Add(new Observation.TaskAdded(task, runs[false].ToList())
            {
                Past = task.Schedule.IsRecurring ? [.. runs[true].GroupBy(r => r.Vm).Select(ended => new PastRun(ended.Key, ended.Max(r => r.Due), ended.Max(r => r.Occurrence)))] : [],
            });
            if (_heldTasks.Contains(task.Id))
            {
                restored.Add(new Observation.TaskHeld(task.Id, true));
            }

            if (_removedTasks.Contains(task.Id))
            {
                restored.Add(new Observation.TaskRemoved(task.Id));
            }
        }

        foreach (AwakeMachine awake in _storedAwake.Values)
        {
            restored.Add(new Observation.AwakeRestored(awake, awake.RunId is { } id ? _storedRuns.GetValueOrDefault(id) : null));
        }

        Measure();
        foreach (SimulatedVm vm in _vmList)
        {
            Look(vm, evenIfBusy: true);
        }

        _lastNextIn = TimeSpan.Zero;
    }

    private void Measure()
    {
        _measuredAt = Monotonic;
        long used = _othersMemory + _vmList.Where(vm => vm.Power is VmPowerState.Running or VmPowerState.Paused).Sum(vm => vm.Machine.MemoryBytes);
        _observations.Add(new Observation.HostMeasured(new HostLoad(_cpu, Math.Max(0, HostMemory - used), HostMemory)
        {
            VolumeFreeBytes = new Dictionary<string, long> { ["C:"] = 100L << 30, ["D:"] = 50L << 30 },
        }));
    }

    /// <summary>The driver looks at a machine; not while an action on it is under way, as what it saw then would be old.</summary>
    private void Look(SimulatedVm vm, bool evenIfBusy = false)
    {
        if (vm.ActionsUnderWay == 0)
        {
            _observations.Add(new Observation.VmSeen(vm.Machine, vm.Power, vm.Volume, vm.Mark));
        }
        else if (evenIfBusy)
        {
            _observations.Add(new Observation.VmSeen(vm.Machine, VmPowerState.Changing, vm.Volume, vm.Mark));
        }
    }

    private void Register(int number)
    {
        var id = new Guid(number + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 2]);
        bool isPlain = _options.Faults == 0;
        UpdateTaskKind kind = isPlain ? UpdateTaskKind.OperatingSystemUpgrade : (UpdateTaskKind)_chance.Next(4);
        DateTime? start = !isPlain && Happens(0.3) ? Utc + Seconds(0, 7200) : null;
        bool isRecurring = !isPlain && Happens(0.2);
        DateTime? end = isRecurring ? (start ?? Utc) + Seconds(7200, 36_000) : !isPlain && Happens(0.2) ? (start ?? Utc) + Seconds(60, 36_000) : null;
        var task = new UpdateTask
        {
            Id = id,
            Name = $"task {number + 1}",
            Kind = kind,
            Instructor = Happens(0.8) ? "WindowsUpdate" : "ConfigMgr",
            Payload = new PayloadInfo(PayloadKind.Context, string.Empty, 0, string.Empty),
            Targets = new TaskTargets { Kinds = TargetKinds.All },
            Timeouts = PhaseTimeouts.Of(kind, isPlain ? null : Seconds(300, 7200)),
            MaxRestarts = KindDefaults.Of(kind).MaxRestarts,
            Registered = Utc,
            IsUrgent = !isPlain && Happens(0.1),
            Priority = (TaskPriority)_chance.Next(3),
            RestartPolicy = (RestartPolicy)_chance.Next(3),
            AllowUnknownSessions = Happens(0.5),
            Retry = !isPlain && Happens(0.4) ? new RetryRule(_chance.Next(1, 3), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10)) : RetryRule.None,
            FailureLimit = !isPlain && Happens(0.1) ? new FailureLimit(_chance.Next(1, 4), null) : FailureLimit.None,
            Schedule = new TaskSchedule
            {
                StartTime = start,
                EndTime = end,
                Recurrence = !isRecurring ? string.Empty : Happens(0.5) ? "*/20 * * * *" : "30 1-4 * * *",
                Deadline = Happens(0.3) ? Utc + Seconds(0, 20_000) : null,
                StopTime = !isPlain && Happens(0.1) ? (end ?? start ?? Utc) + Seconds(600, 20_000) : null,
                Windows = !isPlain && Happens(0.2) ? [MaintenanceWindow.Parse(Happens(0.5) ? "22:00-04:00" : "01:30-03:10")] : [],
                TimeZoneId = Happens(0.5) ? "Europe/Berlin" : "UTC",
            },
        };
        IReadOnlyList<UpdateRun> runs = RunPlanner.First(task, _vmList.Select(vm => vm.Machine).ToList(), Seed, _options.Limits.StartJitter);
        _tasks.Add(id, task);
        _tempers.Add(id, number < _options.Tempers.Count ? _options.Tempers[number] : (GuestTemper)_chance.Next(isPlain ? 3 : 8));
        foreach (UpdateRun run in runs)
        {
            _storedRuns.Add(run.Id, run);
        }

        _observations.Add(new Observation.TaskAdded(task, runs));
    }
}
