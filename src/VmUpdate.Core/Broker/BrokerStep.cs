namespace VmUpdate.Core.Broker;

/// <summary>
/// One step of the broker: what was observed goes in, what is to be written down and done comes out. It asks nothing of the world, so
/// that it can be played again; its work is in proportion to what is due or changed, not to what waits.
/// </summary>
internal sealed partial class BrokerStep
{
    private readonly BrokerState _state;
    private readonly BrokerTime _now;
    private readonly StepResult _result = new();
    private readonly List<TrackedRun> _changed = [];

    private BrokerStep(BrokerState state, BrokerTime now)
    {
        _state = state;
        _now = now.NotBefore(state.Now);
        state.Now = _now;
    }

    /// <summary>Steps.</summary>
    /// <param name="state">The state, which is taken over and changed.</param>
    /// <param name="now">The time; earlier than the last step's is taken for that.</param>
    /// <param name="observations">What was observed since, in its order.</param>
    /// <returns>What to write down and then to do.</returns>
    public static StepResult Step(BrokerState state, BrokerTime now, IReadOnlyList<Observation> observations)
    {
        var step = new BrokerStep(state, now);
        foreach (Observation observation in observations)
        {
            step.Observe(observation);
        }

        step.RunTimers();
        step.WatchTime();
        step.LookForStarts();
        step.PutBackIdle();
        step.Finish();
        return step._result;
    }

    private void Observe(Observation observation)
    {
        switch (observation)
        {
            case Observation.HostMeasured measured:
                _state.Gate.Measure(measured.Load, _now.Monotonic);
                _state.MustLookForStarts = true;
                break;
            case Observation.LimitsSet set:
                _state.Gate.Limits = set.Limits;
                _state.MustLookForStarts = true;
                break;
            case Observation.HostSlept:
                RearmTimeouts();
                break;
            case Observation.VmSeen seen:
                See(seen);
                break;
            case Observation.VmGone gone:
                Lose(gone.Vm);
                break;
            case Observation.SessionsSeen seen:
                SeeSessions(seen.Vm, seen.Sessions);
                break;
            case Observation.GuestAnswered answered:
                HearGuest(answered);
                break;
            case Observation.GuestSilent silent:
                MissGuest(silent.Vm);
                break;
            case Observation.GuestReported reported:
                HearReport(reported);
                break;
            case Observation.ActionEnded ended:
                EndAction(ended);
                break;
            case Observation.TaskAdded added:
                AddTask(added.Task, added.Runs, added.Past);
                break;
            case Observation.FailuresRestored restored:
                RestoreFailures(restored);
                break;
            case Observation.AwakeRestored restored:
                Restore(restored.Awake, restored.LastRun);
                break;
            case Observation.TaskRemoved removed:
                RemoveTask(removed.TaskId);
                break;
            case Observation.TaskHeld held:
                HoldTask(held.TaskId, held.IsHeld);
                break;
            case Observation.VmHeld held:
                HoldVm(held.Vm, held.IsHeld);
                break;
            case Observation.HostHeld held:
                _state.IsHeld = held.IsHeld;
                _state.MustLookForStarts = true;
                break;
            case Observation.CancelAsked asked:
                if (_state.Runs.TryGetValue(asked.RunId, out TrackedRun? run))
                {
                    Cancel(run, RunReason.CanceledByUser, "it was called off");
                }

                break;
            case Observation.StopAsked:
                BeginStop();
                break;
            default:
                throw new InvalidOperationException($"The step knows no observation {observation.GetType().Name}.");
        }
    }

    private long Act(TrackedVm vm, Func<long, BrokerAction> make, bool isAwaited = true)
    {
        long id = ++_state.LastAction;
        BrokerAction action = make(id);
        _result.Actions.Add(action);
        if (isAwaited)
        {
            // One at a time for a machine: the answer to an older one is not waited for any more.
            Forget(vm);
            vm.PendingAction = id;
            _state.Pending.Add(id, (vm, action));
        }

        return id;
    }

    private void Forget(TrackedVm vm)
    {
        if (vm.PendingAction != 0)
        {
            _state.Pending.Remove(vm.PendingAction);
            vm.PendingAction = 0;
        }
    }

    private void Change(TrackedRun run, UpdateRun data)
    {
        run.Data = data;
        if (!run.IsDirty)
        {
            run.IsDirty = true;
            _changed.Add(run);
        }
    }

    private void SetState(TrackedRun run, RunState state, RunReason reason, string detail)
    {
        if (run.State != state)
        {
            run.PhaseSince = _now.Monotonic;
        }

        Change(run, run.Data with { State = state, Reason = reason, Detail = detail });
        Note(run, state, reason, detail);
    }

    private void Note(TrackedRun run, RunState? state, RunReason reason, string detail) =>
        _result.Journal.Add(new JournalEntry(_now.Utc, run.Vm.Key, run.Data.Id, state, reason, detail));

    private void Note(TrackedVm vm, RunReason reason, string detail) =>
        _result.Journal.Add(new JournalEntry(_now.Utc, vm.Key, (vm.Active ?? vm.LastRun)?.Data.Id, null, reason, detail));

    private void Finish()
    {
        foreach (TrackedRun run in _changed)
        {
            run.IsDirty = false;
            _result.Runs.Add(run.Data);
        }

        _result.NextIn = NextIn();
    }

    private TimeSpan? NextIn()
    {
        TimeSpan? next = null;
        if (_state.Timers.Count > 0)
        {
            long ticks = _state.Timers.Min.Ticks - _now.Utc.Ticks;
            next = TimeSpan.FromTicks(Math.Max(0, ticks));
        }

        foreach (TrackedVm vm in _state.Watched)
        {
            next = Earlier(next, NextIn(vm));
        }

        return _state.ReadyAsleep.Count > 0 && _state.Gate.SettlesIn(_now.Monotonic) is { } settles ? Earlier(next, settles) : next;
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is { } first && b is { } second ? (first < second ? first : second) : a ?? b;
}
