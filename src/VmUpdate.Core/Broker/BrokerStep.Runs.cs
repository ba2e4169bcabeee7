namespace VmUpdate.Core.Broker;

// Runs come, are called off, end, are tried again, and come again.
internal sealed partial class BrokerStep
{
    private void AddRun(UpdateRun data, TrackedTask task)
    {
        if (data.State.IsEnded() || _state.Runs.ContainsKey(data.Id))
        {
            return;
        }

        TrackedVm vm = FindOrAddVm(data.Vm, data.VmName);
        var run = new TrackedRun(data, task, vm, ++_state.LastOrdinal) { PhaseSince = _now.Monotonic };
        _state.Runs.Add(data.Id, run);
        task.Open.Add(run);
        vm.Open.Add(run);
        if (data.State.IsActive() && vm.Active is null)
        {
            // It was under way when the broker ended; what became of it is seen when the machine is.
            vm.NeedsRecovery = true;
            MakeActive(run);
            return;
        }

        Reconsider(run);
    }

    private void Cancel(TrackedRun run, RunReason reason, string detail)
    {
        if (run.State.IsWaiting() || run.State == RunState.Waking)
        {
            End(run, RunState.Canceled, reason, detail);
            return;
        }

        if (!run.Data.IsCancelAsked)
        {
            Change(run, run.Data with { IsCancelAsked = true });
            run.CancelSince = _now.Monotonic;
            Note(run, null, reason, $"{detail}; the guest is told, and what it is in the midst of ends first");
            TellToGiveUp(run);
        }
    }

    /// <summary>Ends a run, or lets it wait for its retry.</summary>
    private void End(TrackedRun run, RunState outcome, RunReason reason, string detail, bool isGuestsWord = false, bool mayRetry = true)
    {
        TrackedVm vm = run.Vm;
        Withdraw(run);
        if (vm.Active == run)
        {
            if (isGuestsWord)
            {
                NoteEndOfWork(vm, run.Data.Id, run.Data.Attempt);
            }
            else if (run.State.IsDelicate())
            {
                NoteWork(vm, new BusyRun(run.Data.Id, run.Data.Attempt, run.State));
            }

            vm.Active = null;
            vm.LastRun = run;
            vm.RunsThisWake++;
            vm.TryAgain = null;
            if (vm.Care is VmCare.None or VmCare.Awake)
            {
                Forget(vm);
            }

            _state.Gate.CountRun(run.Task.Task.Instructor, -1);
            _state.MustLookForStarts = true;
        }

        if (mayRetry && outcome is RunState.Failed or RunState.TimedOut && PlanRetry(run, reason, detail))
        {
            Unwatch(vm);
            Offer(vm);
            return;
        }

        Change(run, run.Data with { Ended = _now.Utc });
        SetState(run, outcome, reason, detail);
        Close(run);
        CountOutcome(run);
        if (run.Task.Task.Schedule.IsRecurring)
        {
            run.Task.Past[run.Vm.Key] = new PastRun(run.Vm.Key, run.Data.Due, run.Data.Occurrence);
        }

        PlanNextOccurrence(run);
        DropIfThrough(run.Task);
        Unwatch(vm);
        Offer(vm);
    }

    private bool PlanRetry(TrackedRun run, RunReason reason, string detail)
    {
        // A guest that may still be at work is not given the same work again.
        if (reason is RunReason.EndTimePassed or RunReason.StopTimePassed || run.Vm.BusyWith.Exists(work => work.RunId == run.Data.Id) || run.Data.IsCancelAsked
            || run.Task.IsRemoved || run.Task.Task.Retry.DelayAfter(run.Data.Attempt) is not { } delay)
        {
            return false;
        }

        // The clock may have been set back since it was due.
        DateTime notBefore = _now.Utc + delay > run.Data.Due ? _now.Utc + delay : run.Data.Due;
        if (run.Task.Calendar.Ask(notBefore, notBefore).IsOver)
        {
            return false;
        }

        Note(run, null, reason, $"attempt {run.Data.Attempt}: {detail}");
        Restart(run, run.Data with
        {
            Attempt = run.Data.Attempt + 1, NotBefore = notBefore, IsHandOverBegun = false, IsHandOverConfirmed = false, Percent = null, Restarts = 0,
        });
        SetState(run, RunState.Pending, RunReason.WaitingForRetry, $"attempt {run.Data.Attempt} not before {notBefore:u}; the last one: {detail}");
        Reconsider(run);
        return true;
    }

    /// <summary>Clears what belongs to the attempt that ended.</summary>
    private void Restart(TrackedRun run, UpdateRun data)
    {
        Change(run, data);
        run.PerformingSince = null;
        run.AwaySince = null;
        run.MayHaveRestarted = false;
        run.CancelSince = null;
        run.IsDoneButRestart = false;
        run.MemorySince = null;
        run.Waits = GateDecision.Open;
    }

    private void Close(TrackedRun run)
    {
        _state.Runs.Remove(run.Data.Id);
        run.Task.Open.Remove(run);
        run.Vm.Open.Remove(run);
    }

    private void PlanNextOccurrence(TrackedRun run)
    {
        if (run.Task.IsRemoved || !run.Task.Task.Schedule.IsRecurring || run.State == RunState.Moved)
        {
            return;
        }

        // One that was called off before its time is not planned for the same time again.
        if (run.Task.Calendar.NextStart(run.Data.Due > _now.Utc ? run.Data.Due : _now.Utc) is { } due)
        {
            PlanRun(run.Task, run.Vm, run.Data.Occurrence + 1, due);
        }
    }

    private void PlanRun(TrackedTask task, TrackedVm vm, int occurrence, DateTime due)
    {
        UpdateRun data = RunPlanner.Plan(task.Task, vm.Machine, occurrence, due, _state.JitterSeed, _state.Gate.Limits.StartJitter);
        if (_state.Runs.ContainsKey(data.Id))
        {
            return;
        }

        AddRun(data, task);
        if (_state.Runs.TryGetValue(data.Id, out TrackedRun? run))
        {
            Change(run, run.Data);
        }
    }
}
