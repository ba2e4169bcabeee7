namespace VmUpdate.Core.Broker;

// Which runs begin, and what a beginning is.
internal sealed partial class BrokerStep
{
    // After so long without the memory it needs, a run is not overtaken by others that take memory.
    private static readonly TimeSpan MemoryPatience = TimeSpan.FromMinutes(15);

    // A host with more machines than this in wait for memory looks at the rest in a later step.
    private const int MostLooks = 2048;

    private void LookForStarts()
    {
        bool settled = _state.WhyNoWake.Reason == RunReason.WaitingForSettling && _state.Gate.SettlesIn(_now.Monotonic) is null;
        if (!_state.MustLookForStarts && !settled)
        {
            return;
        }

        _state.MustLookForStarts = false;
        _state.WhyNoRun = MayAnythingBegin();
        _state.WhyNoWake = _state.Gate.MayWake(_now.Monotonic);
        if (!_state.WhyNoRun.IsOpen || (_state.ReadyAwake.Count == 0 && (_state.ReadyAsleep.Count == 0 || !_state.WhyNoWake.IsOpen)))
        {
            return;
        }

        foreach (TrackedRun run in Choose())
        {
            Begin(run);
        }
    }

    private GateDecision MayAnythingBegin()
    {
        if (_state.IsStopping)
        {
            return new(RunReason.BrokerStopping, "the broker is being stopped");
        }

        return _state.IsHeld ? new(RunReason.HostSuspended, "all work on this host is suspended") : _state.Gate.MayRun(_now.Monotonic);
    }

    /// <summary>Goes through both lists in the one order of runs and lets through what the gate lets through. What it chooses is counted at once.</summary>
    private List<TrackedRun> Choose()
    {
        var chosen = new List<TrackedRun>();
        bool mayOvertakeForMemory = true;
        using SortedDictionary<RunKey, TrackedRun>.ValueCollection.Enumerator awake = _state.ReadyAwake.Values.GetEnumerator();
        using SortedDictionary<RunKey, TrackedRun>.ValueCollection.Enumerator asleep = _state.ReadyAsleep.Values.GetEnumerator();
        TrackedRun? nextAwake = awake.MoveNext() ? awake.Current : null;
        TrackedRun? nextAsleep = asleep.MoveNext() ? asleep.Current : null;
        for (int looks = 0; looks < MostLooks && _state.WhyNoRun.IsOpen; looks++)
        {
            if (!_state.WhyNoWake.IsOpen)
            {
                nextAsleep = null;
            }

            bool takeAwake = nextAwake is not null && (nextAsleep is null || nextAwake.Key.CompareTo(nextAsleep.Key) < 0);
            if ((takeAwake ? nextAwake : nextAsleep) is not { } run)
            {
                break;
            }

            run.Waits = MayBegin(run, ref mayOvertakeForMemory);
            if (run.Waits.IsOpen)
            {
                chosen.Add(run);
                Count(run);
                _state.WhyNoRun = MayAnythingBegin();
                _state.WhyNoWake = _state.Gate.MayWake(_now.Monotonic);
            }
            else if (run.Data.Reason != run.Waits.Reason)
            {
                Change(run, run.Data with { Reason = run.Waits.Reason, Detail = run.Waits.Detail });
                Note(run, null, run.Waits.Reason, run.Waits.Detail);
            }

            if (takeAwake)
            {
                nextAwake = awake.MoveNext() ? awake.Current : null;
            }
            else
            {
                nextAsleep = asleep.MoveNext() ? asleep.Current : null;
            }
        }

        return chosen;
    }

    private GateDecision MayBegin(TrackedRun run, ref bool mayOvertakeForMemory)
    {
        GateDecision decision = _state.Gate.MayRunFor(run.Task.Task.Instructor);
        TrackedVm vm = run.Vm;
        if (!decision.IsOpen || !vm.IsAsleep)
        {
            return decision;
        }

        if (!mayOvertakeForMemory && vm.WakeBytes > 0)
        {
            return new(RunReason.WaitingForEarlierRun, "an earlier run has waited long for memory and gets what comes free first");
        }

        decision = _state.Gate.MayWakeVm(vm.WakeBytes, vm.Machine.MemoryBytes, vm.Volume);
        if (decision.Reason != RunReason.WaitingForMemory)
        {
            run.MemorySince = null;
            return decision;
        }

        // Held back only while machines of ours take memory: what others take does not come free by waiting for us.
        run.MemorySince ??= _now.Monotonic;
        mayOvertakeForMemory = _now.Monotonic - run.MemorySince < MemoryPatience || _state.Gate.Awake == 0;
        return decision;
    }

    private void Count(TrackedRun run)
    {
        _state.Gate.CountRun(run.Task.Task.Instructor, 1);
        TrackedVm vm = run.Vm;
        if (vm.IsAsleep && vm.Care == VmCare.None)
        {
            BeginCare(vm);
            vm.Counted = (vm.Volume, vm.WakeBytes);
            _state.Gate.BeginWake(vm.WakeBytes, _now.Monotonic);
        }
    }

    /// <summary>Makes a run the one that is under way on its machine, and counts it.</summary>
    private void MakeActive(TrackedRun run)
    {
        _state.Gate.CountRun(run.Task.Task.Instructor, 1);
        run.Vm.Active = run;
        Watch(run.Vm);
    }

    private void Begin(TrackedRun run)
    {
        TrackedVm vm = run.Vm;
        vm.Active = run;
        Withdraw(run);
        Watch(vm);
        Change(run, run.Data with { Started = run.Data.Started ?? _now.Utc });
        run.Waits = GateDecision.Open;
        vm.TryAgain = null;
        if (!vm.IsAsleep)
        {
            if (vm.Care == VmCare.Awake)
            {
                WriteCare(vm);
            }

            SetState(run, RunState.Waking, RunReason.WaitingForGuest, "the machine is running; its guest is awaited");
            AwaitGuest(vm, run);
            return;
        }

        vm.Care = VmCare.Waking;
        vm.Found = vm.Power;
        vm.Woken = _now.Utc;
        WriteCare(vm);
        SetState(run, RunState.Waking, RunReason.Started, $"the machine was {vm.Power} and is being woken");
        Act(vm, id => new BrokerAction.Wake(id, vm.Key, vm.Found));
        Offer(vm);
    }

    private void WriteCare(TrackedVm vm) => _result.AddAwake(new AwakeMachine(
        vm.Key,
        vm.Machine.Name,
        vm.Found,
        vm.Woken,
        (vm.Active ?? vm.LastRun)?.Data.Id,
        vm.Care == VmCare.Left,
        vm.LeftReason,
        vm.LeftDetail,
        vm.Baseline)
    {
        BusyWith = [.. vm.BusyWith],
    });

    private void AwaitGuest(TrackedVm vm, TrackedRun run) => Act(
        vm,
        id => new BrokerAction.AwaitGuest(id, vm.Key, run.State == RunState.Waking ? run.Task.Task.Timeouts.Waking : run.Task.Task.Timeouts.Rebooting));
}
