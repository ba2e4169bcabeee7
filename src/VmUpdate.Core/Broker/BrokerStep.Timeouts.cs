using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

// Time passes for what is under way.
internal sealed partial class BrokerStep
{
    private static readonly TimeSpan CancelPatience = TimeSpan.FromMinutes(2);

    private void WatchTime()
    {
        for (int i = _state.Watched.Count - 1; i >= 0; i--)
        {
            if (_state.Watched[i] is { Active: { } run, NeedsRecovery: false })
            {
                WatchTime(run);
            }
        }
    }

    private void WatchTime(TrackedRun run)
    {
        NoteOverdue(run);
        TaskSchedule schedule = run.Task.Task.Schedule;
        if (schedule.StopTime is { } stop && _now.Utc >= stop)
        {
            TellToStop(run);
            End(run, RunState.TimedOut, RunReason.StopTimePassed, $"the stop time {stop:u} was reached in {run.State}");
            return;
        }

        if (run.CancelSince is { } since && _now.Monotonic - since >= CancelPatience && !run.State.IsDelicate())
        {
            End(run, RunState.Canceled, RunReason.CanceledByUser, "the guest did not answer to the cancel");
            return;
        }

        if (WhyTimedOut(run) is { } why)
        {
            TellToStop(run);
            End(run, RunState.TimedOut, why.Reason, why.Detail);
            return;
        }

        TrackedVm vm = run.Vm;
        if (vm.PendingAction == 0 && vm.TryAgain is { } time && time <= _now.Monotonic && run.State.IsPerforming())
        {
            vm.TryAgain = null;
            AwaitGuest(vm, run);
        }
        else if (vm.PendingAction == 0 && run.State == RunState.Rebooting && vm.TryAgain is null)
        {
            // The guest restarts of itself, and is awaited.
            AwaitGuest(vm, run);
        }
    }

    private GateDecision? WhyTimedOut(TrackedRun run)
    {
        PhaseTimeouts timeouts = run.Task.Task.Timeouts;
        TimeSpan now = _now.Monotonic;
        if (run.AwaySince is { } away && now - away >= timeouts.Rebooting)
        {
            return new GateDecision(RunReason.AgentAway, $"the guest has not answered for {timeouts.Rebooting} in {run.State}");
        }

        if (run.PerformingSince is { } began && now - began >= timeouts.Total)
        {
            return new GateDecision(RunReason.PhaseTimedOut, $"all phases together took longer than {timeouts.Total}; it was {run.State}");
        }

        TimeSpan limit = PhaseLimit(run);
        return now - run.PhaseSince >= limit
            ? new GateDecision(RunReason.PhaseTimedOut, $"{run.State} took longer than {limit}")
            : null;
    }

    private static TimeSpan PhaseLimit(TrackedRun run)
    {
        PhaseTimeouts timeouts = run.Task.Task.Timeouts;
        return run.State switch
        {
            RunState.Waking => timeouts.Waking,
            RunState.Searching or RunState.Rebooted => timeouts.Searching,
            RunState.Downloading => timeouts.Downloading,
            RunState.Applying => timeouts.Applying,
            _ => timeouts.Rebooting,
        };
    }

    /// <summary>When time alone changes something for a machine.</summary>
    private TimeSpan? NextIn(TrackedVm vm)
    {
        // One whose time is over waits for something else: time alone would change nothing.
        TimeSpan? next = vm.PendingAction == 0 && vm.TryAgain > _now.Monotonic ? vm.TryAgain : null;
        if (vm.Active is { } run && !vm.NeedsRecovery)
        {
            next = Earlier(next, run.PhaseSince + PhaseLimit(run));
            next = Earlier(next, run.AwaySince + run.Task.Task.Timeouts.Rebooting);
            next = Earlier(next, run.PerformingSince + run.Task.Task.Timeouts.Total);
            next = Earlier(next, run.State.IsDelicate() ? null : run.CancelSince + CancelPatience);
            next -= _now.Monotonic;
            next = Earlier(next, run.Task.Task.Schedule.StopTime - _now.Utc);
            next = Earlier(next, run.Data.IsOverdue ? null : run.Task.Task.Schedule.Deadline - _now.Utc);
        }
        else
        {
            next -= _now.Monotonic;
        }

        return next < TimeSpan.Zero ? TimeSpan.Zero : next;
    }

    private void TellToStop(TrackedRun run)
    {
        if (run.State.IsPerforming() && !run.Data.IsCancelAsked)
        {
            TellToGiveUp(run);
        }
    }

    private void RearmTimeouts()
    {
        foreach (TrackedVm vm in _state.Watched)
        {
            if (vm.Active is { } run)
            {
                run.PhaseSince = _now.Monotonic;
                run.AwaySince = run.AwaySince is null ? null : _now.Monotonic;
                run.PerformingSince = run.PerformingSince is null ? null : _now.Monotonic;
            }
        }
    }
}
