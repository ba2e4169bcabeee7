using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

// Machines are seen, offered to the gate, found again after a crash, and lost.
internal sealed partial class BrokerStep
{
    private TrackedVm FindOrAddVm(VmKey key, string name)
    {
        if (!_state.Vms.TryGetValue(key, out TrackedVm? vm))
        {
            vm = new TrackedVm(new TargetMachine(key, name, TargetKinds.None, null, 0));
            _state.Vms.Add(key, vm);
        }

        return vm;
    }

    private void See(Observation.VmSeen seen)
    {
        TrackedVm vm = FindOrAddVm(seen.Machine.Key, seen.Machine.Name);
        bool isOther = vm.Machine.Kind != seen.Machine.Kind || vm.Machine.Pool != seen.Machine.Pool || vm.Machine.Name != seen.Machine.Name;
        vm.Machine = seen.Machine;
        vm.Volume = seen.Volume;

        // While it is being woken or put back, the end of that action says what it does.
        if (vm.Care is not (VmCare.Waking or VmCare.PuttingBack) || vm.NeedsRecovery)
        {
            vm.Power = seen.Power;
        }

        if (vm.Power == VmPowerState.Off)
        {
            vm.BusyWith.Clear();
        }

        if (vm.NeedsRecovery)
        {
            Recover(vm);
        }
        else if (vm.Active is { } run && vm.IsAsleep && vm.Care is VmCare.None or VmCare.Awake && run.State is not RunState.Rebooting)
        {
            // Off ends what the guest was at; saved or paused only interrupts it.
            vm.Sessions = null;
            End(run, RunState.Failed, RunReason.VmStoppedUnderneath, $"somebody else brought the machine to {vm.Power}", isGuestsWord: vm.Power == VmPowerState.Off);
        }

        if (seen.Mark is { } found && vm.Care == VmCare.None)
        {
            Adopt(vm, found);
        }

        if (isOther)
        {
            AddToOpenEndedTasks(vm);
        }

        Offer(vm);
    }

    /// <summary>A broker that is gone woke it, and the store knows nothing of it: only the note in the machine does.</summary>
    private void Adopt(TrackedVm vm, VmPowerState found)
    {
        if (vm.Power != VmPowerState.Running)
        {
            if (vm.IsAsleep && vm.PendingAction == 0)
            {
                Act(vm, id => new BrokerAction.ClearMark(id, vm.Key));
            }

            return;
        }

        vm.Found = found;
        vm.Woken = _now.Utc;
        vm.Care = VmCare.Awake;
        BeginCare(vm);

        // Who was active when it was woken is not known any more: an active user counts as one who came.
        vm.HasBaseline = true;
        WriteCare(vm);
        Note(vm, RunReason.Recovered, $"a note in the machine says that it was woken and is to be put back to {found}");
    }

    private void BeginCare(TrackedVm vm)
    {
        vm.Counted = (vm.Volume, 0);
        _state.Gate.CountAwake(vm.Volume, 1);
        vm.RunsThisWake = 0;
        vm.LastRun = null;
        vm.Baseline = null;
        vm.BaselineAll = null;
        vm.HasBaseline = false;
        vm.Arrived.Clear();
        vm.PutBackFailures = 0;
        vm.TryAgain = null;
        vm.LeftReason = RunReason.None;
        vm.LeftDetail = string.Empty;
        Watch(vm);
    }

    /// <summary>Takes in a machine that the store says is awake for updates.</summary>
    private void Restore(AwakeMachine awake, UpdateRun? lastRun)
    {
        TrackedVm vm = FindOrAddVm(awake.Vm, awake.VmName);
        vm.Found = awake.Found;
        vm.Woken = awake.Woken;
        vm.Care = VmCare.Awake;
        vm.NeedsRecovery = true;
        BeginCare(vm);
        vm.Baseline = awake.ActiveSessionsAtWake;
        vm.HasBaseline = true;
        vm.BusyWith.AddRange(awake.BusyWith);
        // What the guest is in the midst of is asked of it before anything else.
        if (awake.IsLeft || (vm.BusyWith.Count > 0 && vm.Active is null))
        {
            vm.Care = VmCare.Left;
            vm.LeftReason = awake.IsLeft ? awake.Reason : SessionRules.MayPutBack(vm, allowUnknown: true).Reason;
            vm.LeftDetail = awake.Detail;
        }

        if (lastRun is not null && lastRun.State.IsEnded() && _state.Tasks.TryGetValue(lastRun.TaskId, out TrackedTask? task))
        {
            vm.LastRun = new TrackedRun(lastRun, task, vm, 0);
        }
    }

    /// <summary>A machine that was in the midst of something when the broker ended is seen for the first time.</summary>
    private void Recover(TrackedVm vm)
    {
        if (vm.Power == VmPowerState.Changing)
        {
            return;
        }

        vm.NeedsRecovery = false;
        if (vm.Care != VmCare.None)
        {
            _state.Gate.CountAwake(vm.Counted.Volume, -1);
            vm.Counted = (vm.Volume, 0);
            _state.Gate.CountAwake(vm.Volume, 1);
        }

        if (vm.Active is not { } run)
        {
            return;
        }

        if (vm.IsAsleep)
        {
            // It goes on in the same attempt: a guest that has the task is asked before it is given again.
            vm.Active = null;
            _state.Gate.CountRun(run.Task.Task.Instructor, -1);
            Unwatch(vm);
            SetState(run, RunState.Pending, RunReason.Recovered, $"the broker was started again and found the machine {vm.Power}");
            Reconsider(run);
            return;
        }

        run.IsDoneButRestart = run.State == RunState.Rebooting && run.Data.IsRestartPending;
        run.MayHaveRestarted = true;
        run.PhaseSince = _now.Monotonic;
        run.PerformingSince = run.State.IsPerforming() ? _now.Monotonic : null;
        run.AwaySince = run.State.IsPerforming() ? _now.Monotonic : null;
        Note(run, null, RunReason.Recovered, "the broker was started again and goes on");
        AwaitGuest(vm, run);
    }

    private void AddToOpenEndedTasks(TrackedVm vm)
    {
        foreach (TrackedTask task in _state.OpenEndedTasks.OrderBy(t => t.Task.Id))
        {
            if (!TargetResolver.Includes(task.Task.Targets, vm.Machine) || vm.Open.Any(r => r.Task == task))
            {
                continue;
            }

            // It may have been in the task before, and its run for a time that is still to come may have been called off.
            PastRun? past = task.Past.TryGetValue(vm.Key, out PastRun? found) ? found : null;
            if ((past?.Due >= _now.Utc ? task.Calendar.NextStart(past.Due) : task.Calendar.FirstStart(_now.Utc)) is { } due)
            {
                PlanRun(task, vm, Math.Max(RunPlanner.OccurrenceOf(due), past?.Occurrence + 1 ?? 0), due);
            }
        }
    }

    private void Lose(VmKey key)
    {
        if (!_state.Vms.TryGetValue(key, out TrackedVm? vm))
        {
            return;
        }

        foreach (TrackedRun run in InOrder(vm.Open))
        {
            End(run, RunState.Moved, RunReason.VmGone, "the machine is not on this host any more", isGuestsWord: true);
        }

        if (vm.Care != VmCare.None)
        {
            EndCare(vm, RunReason.VmGone, "the machine is not on this host any more", isMarkGone: true);
        }

        Forget(vm);
        vm.Queue.Clear();
        Offer(vm);
        _state.Vms.Remove(key);
    }

    private void HoldVm(VmKey key, bool isHeld)
    {
        if (_state.Vms.TryGetValue(key, out TrackedVm? vm))
        {
            vm.IsHeld = isHeld;
            ReconsiderAll(vm.Open);
        }
    }

    /// <summary>Puts the first run of a machine's queue into the list that the gate looks at, or takes it out.</summary>
    private void Offer(TrackedVm vm)
    {
        RunKey? first = null;
        if (vm.Queue.Count > 0 && vm.IsFree)
        {
            foreach (RunKey key in vm.Queue.Keys)
            {
                first = key;
                break;
            }
        }

        if (vm.Offered == first && (first is null || vm.IsOfferedAsleep == vm.IsAsleep))
        {
            return;
        }

        if (vm.Offered is { } old)
        {
            (vm.IsOfferedAsleep ? _state.ReadyAsleep : _state.ReadyAwake).Remove(old);
        }

        vm.Offered = first;
        vm.IsOfferedAsleep = vm.IsAsleep;
        if (first is { } offered)
        {
            (vm.IsAsleep ? _state.ReadyAsleep : _state.ReadyAwake).Add(offered, vm.Queue[offered]);
        }

        _state.MustLookForStarts = true;
    }

    private void Watch(TrackedVm vm)
    {
        if (!_state.Watched.Contains(vm))
        {
            _state.Watched.Add(vm);
        }
    }

    private void Unwatch(TrackedVm vm)
    {
        if (!vm.IsWatched)
        {
            _state.Watched.Remove(vm);
        }
    }
}
