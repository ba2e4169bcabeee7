using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

// Tasks and runs come, wait for their time, are held, called off, and end.
internal sealed partial class BrokerStep
{
    private void AddTask(UpdateTask task, IReadOnlyList<UpdateRun> runs)
    {
        if (_state.Tasks.TryGetValue(task.Id, out TrackedTask? tracked))
        {
            foreach (TrackedRun run in tracked.Open)
            {
                Withdraw(run);
            }

            tracked.Change(task);
            Dictionary<Guid, UpdateRun> given = runs.ToDictionary(r => r.Id);
            foreach (TrackedRun run in tracked.Open.OrderBy(r => r.Ordinal))
            {
                // A change of the schedule gave it another time. A retry's time is the broker's own.
                if (given.TryGetValue(run.Data.Id, out UpdateRun? now) && run.State.IsWaiting() && (run.Data.Attempt, now.Attempt) == (1, 1))
                {
                    run.Data = run.Data with { Due = now.Due, NotBefore = now.NotBefore };
                }

                run.Key = RunKey.Of(task, run.Data.Due, run.Ordinal);
                Reconsider(run);
            }
        }
        else
        {
            tracked = new TrackedTask(task);
            _state.Tasks.Add(task.Id, tracked);
        }

        foreach (UpdateRun run in runs)
        {
            AddRun(run, tracked);
        }

        if (task.Schedule.IsRecurring && task.Targets.IsOpenEnded)
        {
            _state.OpenEndedTasks.Add(tracked);
        }
        else
        {
            _state.OpenEndedTasks.Remove(tracked);
        }
    }

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

    private void RemoveTask(Guid taskId)
    {
        if (!_state.Tasks.TryGetValue(taskId, out TrackedTask? task))
        {
            return;
        }

        task.IsRemoved = true;
        _state.OpenEndedTasks.Remove(task);
        foreach (TrackedRun run in InOrder(task.Open))
        {
            Cancel(run, RunReason.TaskRemoved, "its task was removed");
        }

        DropIfThrough(task);
    }

    private void HoldTask(Guid taskId, bool isHeld)
    {
        if (_state.Tasks.TryGetValue(taskId, out TrackedTask? task))
        {
            task.IsHeld = isHeld;
            if (!isHeld)
            {
                // Whoever resumes a task that failures hold has seen them: the count begins anew.
                (task.FailureHold, task.Failed, task.Ended) = (null, 0, 0);
            }

            ReconsiderAll(task.Open);
        }
    }

    private void RestoreFailures(Observation.FailuresRestored restored)
    {
        if (_state.Tasks.TryGetValue(restored.TaskId, out TrackedTask? task))
        {
            (task.Ended, task.Failed) = (restored.Ended, restored.Failed);
            task.FailureHold = restored.IsHeld ? task.Task.FailureLimit.WhyHeld(task.Failed, task.Ended) ?? "too many runs of the task failed" : null;
            ReconsiderAll(task.Open);
        }
    }

    private void ReconsiderAll(HashSet<TrackedRun> runs)
    {
        foreach (TrackedRun run in InOrder(runs))
        {
            Reconsider(run);
        }
    }

    private void RunTimers()
    {
        while (_state.Timers.Count > 0 && _state.Timers.Min is var first && first.Ticks <= _now.Utc.Ticks)
        {
            Reconsider(first.Run);
        }
    }

    /// <summary>Takes a run out of all lists.</summary>
    private void Withdraw(TrackedRun run)
    {
        if (run.Timer is { } ticks)
        {
            _state.Timers.Remove((ticks, run.Ordinal, run));
            run.Timer = null;
        }

        if (run.Vm.Queue.Remove(run.Key))
        {
            Offer(run.Vm);
        }
    }

    /// <summary>Asks a waiting run's schedule and puts the run into the lists where it belongs.</summary>
    private void Reconsider(TrackedRun run)
    {
        if (!run.State.IsWaiting())
        {
            return;
        }

        NoteOverdue(run);
        StartVerdict verdict = run.Task.Calendar.Ask(_now.Utc, run.Data.NotBefore);
        if (verdict.IsOver)
        {
            End(run, RunState.TimedOut, verdict.Reason == StartReason.EndTimePassed ? RunReason.EndTimePassed : RunReason.StopTimePassed, "its time passed before it could start");
            return;
        }

        GateDecision held = WhyHeld(run);
        if (!held.IsOpen)
        {
            if (run.State != RunState.Held || run.Data.Reason != held.Reason)
            {
                SetState(run, RunState.Held, held.Reason, held.Detail);
            }
        }
        else if (run.State == RunState.Held)
        {
            SetState(run, RunState.Pending, RunReason.None, string.Empty);
        }

        SetTimer(run, verdict.Until);
        bool isReady = verdict.MayStart && held.IsOpen;
        if (isReady != run.Vm.Queue.ContainsKey(run.Key))
        {
            if (isReady)
            {
                run.Vm.Queue.Add(run.Key, run);
            }
            else
            {
                run.Vm.Queue.Remove(run.Key);
            }

            Offer(run.Vm);
        }

        if (!verdict.MayStart && held.IsOpen)
        {
            ShowWait(run, verdict);
        }
    }

    private void ShowWait(TrackedRun run, StartVerdict verdict)
    {
        RunReason reason = verdict.Reason != StartReason.NotBeforeStart ? RunReason.OutsideWindow
            : run.Data.Attempt > 1 ? RunReason.WaitingForRetry : RunReason.NotBeforeStart;
        if (run.Data.Reason != reason)
        {
            string detail = verdict.Until == DateTime.MaxValue ? "no window opens in the next two weeks" : $"not before {verdict.Until:u}";
            Change(run, run.Data with { Reason = reason, Detail = detail });
        }
    }

    private void SetTimer(TrackedRun run, DateTime until)
    {
        DateTime next = until;
        if (!run.Data.IsOverdue && run.Task.Task.Schedule.Deadline is { } deadline && deadline < next)
        {
            next = deadline;
        }

        if (run.Timer is { } old)
        {
            if (old == next.Ticks)
            {
                return;
            }

            _state.Timers.Remove((old, run.Ordinal, run));
            run.Timer = null;
        }

        if (next != DateTime.MaxValue)
        {
            run.Timer = next.Ticks;
            _state.Timers.Add((next.Ticks, run.Ordinal, run));
        }
    }

    private GateDecision WhyHeld(TrackedRun run)
    {
        if (run.Task.IsHeld)
        {
            return new(RunReason.TaskSuspended, "the task is suspended");
        }

        if (run.Vm.IsHeld)
        {
            return new(RunReason.VmSuspended, "the machine is suspended");
        }

        return run.Task.FailureHold is { } why ? new(RunReason.FailureLimitReached, why) : GateDecision.Open;
    }

    private void NoteOverdue(TrackedRun run)
    {
        if (!run.Data.IsOverdue && run.Task.Task.Schedule.Deadline is { } deadline && _now.Utc >= deadline)
        {
            Change(run, run.Data with { IsOverdue = true });
            Note(run, null, RunReason.Overdue, $"the deadline {deadline:u} passed");
        }
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
            Act(run.Vm, id => new BrokerAction.CancelInGuest(id, run.Vm.Key, run.Data.Id, run.Data.Attempt), isAwaited: false);
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

    private void CountOutcome(TrackedRun run)
    {
        TrackedTask task = run.Task;
        if (run.State is RunState.Canceled or RunState.Moved || run.Data.Started is null)
        {
            return;
        }

        task.Ended++;
        task.Failed += run.State == RunState.Succeeded ? 0 : 1;
        if (task.FailureHold is null && run.State != RunState.Succeeded && task.Task.FailureLimit.WhyHeld(task.Failed, task.Ended) is { } why)
        {
            task.FailureHold = why;
            _result.HeldTasks.Add(task.Task.Id);
            ReconsiderAll(task.Open);
        }
    }

    private void PlanNextOccurrence(TrackedRun run)
    {
        if (run.Task.IsRemoved || !run.Task.Task.Schedule.IsRecurring || run.State == RunState.Moved)
        {
            return;
        }

        if (run.Task.Calendar.NextStart(_now.Utc) is { } due)
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
        TrackedRun run = _state.Runs[data.Id];
        Change(run, run.Data);
    }

    private void DropIfThrough(TrackedTask task)
    {
        // One that does not come again is given again when it is changed.
        if (task.Open.Count == 0 && (task.IsRemoved || !task.Task.Schedule.IsRecurring))
        {
            _state.Tasks.Remove(task.Task.Id);
        }
    }

    private static List<TrackedRun> InOrder(HashSet<TrackedRun> runs)
    {
        var ordered = new List<TrackedRun>(runs);
        ordered.Sort((a, b) => a.Ordinal.CompareTo(b.Ordinal));
        return ordered;
    }
}
