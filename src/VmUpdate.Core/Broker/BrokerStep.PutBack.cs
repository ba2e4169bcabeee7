using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Broker;

// Machines that were woken are put back, given to a user who came, or left awake with the reason.
internal sealed partial class BrokerStep
{
    private const int MostPutBackTries = 3;
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMinutes(5);

    private void PutBackIdle()
    {
        // Backwards, as a machine that is through leaves the list.
        for (int i = _state.Watched.Count - 1; i >= 0; i--)
        {
            TrackedVm vm = _state.Watched[i];
            if (vm.Active is not null || vm.PendingAction != 0 || vm.NeedsRecovery || vm.Care is not (VmCare.Awake or VmCare.Asking or VmCare.Left))
            {
                continue;
            }

            if (vm.IsAsleep)
            {
                EndCare(vm, RunReason.PutBack, $"it is {vm.Power}; it was found {vm.Found}");
            }
            else if (vm.Care == VmCare.Asking)
            {
                PutBackOrLeave(vm);
            }
            else if (vm.Power == VmPowerState.Running && (vm.TryAgain is not { } time || time <= _now.Monotonic) && vm.LeftReason != RunReason.CleanStopNotEnded)
            {
                AskForPutBack(vm);
            }
        }
    }

    private void AskForPutBack(TrackedVm vm)
    {
        if (vm.BusyWith.Count > 0 && (vm.Care == VmCare.Left || vm.MustAskOfWork))
        {
            // It may have ended unheard: then it says so when it is asked.
            BusyRun work = vm.BusyWith[vm.BusyWith.Count - 1];
            vm.MustAskOfWork = false;
            vm.TryAgain = vm.Care == VmCare.Left ? _now.Monotonic + LookAgainAfter : null;
            Act(vm, id => new BrokerAction.AskProgress(id, vm.Key, work.RunId, work.Attempt));
            return;
        }

        if (vm.BusyWith.Count > 0)
        {
            GateDecision busy = SessionRules.MayPutBack(vm, AllowsUnknown(vm));
            Leave(vm, busy.Reason, busy.Detail);
            return;
        }

        vm.Care = VmCare.Asking;
        Act(vm, id => new BrokerAction.ReadSessions(id, vm.Key));
        Offer(vm);
    }

    private void PutBackOrLeave(TrackedVm vm)
    {
        if (vm.MustAskOfWork && vm.BusyWith.Count > 0)
        {
            vm.Care = VmCare.Awake;
            AskForPutBack(vm);
            return;
        }

        GateDecision decision = SessionRules.MayPutBack(vm, AllowsUnknown(vm));
        if (decision.Reason == RunReason.UserArrived)
        {
            vm.Care = VmCare.Awake;
            EndCare(vm, decision.Reason, $"{decision.Detail}: the machine stays on for the user");
            return;
        }

        if (!decision.IsOpen)
        {
            Leave(vm, decision.Reason, decision.Detail);
            return;
        }

        vm.Care = VmCare.PuttingBack;
        TimeSpan timeout = vm.LastRun?.Task.Task.Timeouts.CleanStop ?? TimeSpan.FromMinutes(15);
        Act(vm, id => new BrokerAction.PutBack(id, vm.Key, vm.Found, timeout));
    }

    private static bool AllowsUnknown(TrackedVm vm) => vm.LastRun?.Task.Task.AllowUnknownSessions ?? false;

    /// <summary>Leaves a machine awake, with the reason at its last run. It is looked at again later.</summary>
    private void Leave(TrackedVm vm, RunReason reason, string detail)
    {
        vm.TryAgain = _now.Monotonic + LookAgainAfter;
        bool isNew = vm.Care != VmCare.Left && vm.LeftReason != reason;
        vm.Care = VmCare.Left;
        vm.LeftReason = reason;
        vm.LeftDetail = detail;
        WriteCare(vm);
        if (isNew)
        {
            Note(vm, reason, $"it is left awake: {detail}");
            if (vm.LastRun is { } run && run.State.IsEnded() && run.State is not (RunState.LeftAwake or RunState.Moved))
            {
                Change(run, run.Data with { Outcome = run.State });
                SetState(run, RunState.LeftAwake, reason, $"{detail}; the run was {run.Data.Outcome}: {run.Data.Detail}");
            }
        }

        Offer(vm);
    }

    private void EndCare(TrackedVm vm, RunReason reason, string detail, bool isMarkGone = false)
    {
        if (vm.Care == VmCare.Waking)
        {
            _state.Gate.EndWake(vm.Counted.UnseenBytes);
        }

        _state.Gate.CountAwake(vm.Counted.Volume, -1);
        vm.Counted = default;
        vm.Care = VmCare.None;
        Note(vm, reason, detail);
        vm.LastRun = null;
        vm.HasBaseline = false;
        vm.TryAgain = null;
        vm.LeftReason = RunReason.None;
        Forget(vm);
        _result.EndAwake(vm.Key);
        if (!isMarkGone)
        {
            // Putting back removes the note itself; here something else ended it. Awaited, so that it does not meet the note of the next wake.
            Act(vm, id => new BrokerAction.ClearMark(id, vm.Key));
        }

        Unwatch(vm);
        Offer(vm);
        _state.MustLookForStarts = true;
    }

    private void BeginStop()
    {
        _state.IsStopping = true;
        _state.MustLookForStarts = true;
        foreach (TrackedVm vm in _state.Watched.ToList())
        {
            // What the guest has not got yet waits for the next start; the machine is put back.
            if (vm.Active is { State: RunState.Waking } run && !vm.NeedsRecovery)
            {
                vm.Active = null;
                vm.LastRun = run;
                _state.Gate.CountRun(run.Task.Task.Instructor, -1);
                vm.RunsThisWake++;
                if (vm.Care is VmCare.None or VmCare.Awake)
                {
                    Forget(vm);
                }

                SetState(run, RunState.Pending, RunReason.BrokerStopping, "the broker was stopped before the guest had the task");
                Unwatch(vm);
                Reconsider(run);
                Offer(vm);
            }
        }
    }
}
