using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

// Runs wait for their time, and are put into the lists where they belong.
internal sealed partial class BrokerStep
{
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
        bool isReady = verdict.MayStart && held.IsOpen && (_state.OnlyTask is not { } only || run.Task.Task.Id == only);
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

    private void ReconsiderAll(HashSet<TrackedRun> runs)
    {
        foreach (TrackedRun run in InOrder(runs))
        {
            Reconsider(run);
        }
    }

    private static List<TrackedRun> InOrder(HashSet<TrackedRun> runs)
    {
        var ordered = new List<TrackedRun>(runs);
        ordered.Sort((a, b) => a.Ordinal.CompareTo(b.Ordinal));
        return ordered;
    }
}
