using System.Globalization;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

// What guests say, and what is said to them.
internal sealed partial class BrokerStep
{
    private const int LongestMessage = 500;

    // A guest that speaks of more than these at once speaks nonsense, and only stays awake for it.
    private const int MostWorks = 8;

    private void SeeSessions(VmKey key, IReadOnlyList<UserSession>? sessions)
    {
        if (_state.Vms.TryGetValue(key, out TrackedVm? vm) && vm.IsWatched)
        {
            vm.Sessions = sessions;

            // Asked before a baseline could be taken: then an active session is a user who came.
            vm.HasBaseline |= vm.Care == VmCare.Asking;
            if (vm.HasBaseline)
            {
                SessionRules.NoteArrivals(vm);
            }
        }
    }

    private void HearGuest(Observation.GuestAnswered answered)
    {
        if (!_state.Vms.TryGetValue(answered.Vm, out TrackedVm? vm) || vm.Active is not { } run
            || !_state.Pending.TryGetValue(vm.PendingAction, out (TrackedVm Vm, BrokerAction Action) pending) || pending.Action is not BrokerAction.AwaitGuest)
        {
            return;
        }

        Forget(vm);
        vm.Sessions = answered.Sessions;
        if (vm.Care == VmCare.Awake && !vm.HasBaseline)
        {
            vm.HasBaseline = true;
            vm.Baseline = answered.Sessions?.Where(s => s.IsActive).Select(s => s.Id).ToList();
            vm.BaselineAll = answered.Sessions?.Select(s => s.Id).ToList();
            WriteCare(vm);
        }

        if (vm.HasBaseline)
        {
            SessionRules.NoteArrivals(vm);
        }

        run.AwaySince = null;
        if (run.IsDoneButRestart)
        {
            SetState(run, RunState.Rebooted, RunReason.GuestReported, "the guest is back from the restart");
            Change(run, run.Data with { IsRestartPending = false });
            End(run, RunState.Succeeded, RunReason.Done, "done; restarted", isGuestsWord: true);
            return;
        }

        if (run.Data.IsHandOverBegun)
        {
            if (run.State == RunState.Waking)
            {
                BeginPerforming(run, RunReason.Recovered, "the guest is asked how it stands");
            }

            if (run.Data.IsCancelAsked)
            {
                // It was away, and may not have heard it: its run would go on.
                TellToGiveUp(run);
            }

            Act(vm, id => new BrokerAction.AskProgress(id, vm.Key, run.Data.Id, run.Data.Attempt));
        }
        else
        {
            HandOver(run);
        }
    }

    private void TellToGiveUp(TrackedRun run) =>
        Act(run.Vm, id => new BrokerAction.CancelInGuest(id, run.Vm.Key, run.Data.Id, run.Data.Attempt), isAwaited: false);

    private void HandOver(TrackedRun run)
    {
        TrackedVm vm = run.Vm;
        UpdateTask task = run.Task.Task;
        bool mayRestart = SessionRules.WhyNoRestart(task.RestartPolicy, vm.Sessions, task.AllowUnknownSessions, run.Data.Restarts, task.MaxRestarts) is null;
        Change(run, run.Data with { IsHandOverBegun = true });
        BeginPerforming(run, RunReason.HandedOver, "the task goes to the guest");
        Act(vm, id => new BrokerAction.HandOver(id, vm.Key, run.Data.Id, run.Data.Attempt, task.Id, mayRestart));
    }

    private void BeginPerforming(TrackedRun run, RunReason reason, string detail)
    {
        run.PerformingSince = _now.Monotonic;
        SetState(run, RunState.Searching, reason, detail);
    }

    private void MissGuest(VmKey key)
    {
        if (_state.Vms.TryGetValue(key, out TrackedVm? vm) && vm.Active is { } run && run.State.IsPerforming() && run.AwaySince is null)
        {
            run.AwaySince = _now.Monotonic;
            run.MayHaveRestarted = true;
            Note(run, null, RunReason.AgentAway, $"the guest does not answer any more; it may be away for {run.Task.Task.Timeouts.Rebooting}");
            AwaitGuest(vm, run);
        }
    }

    private void HearReport(Observation.GuestReported report)
    {
        if (!_state.Vms.TryGetValue(report.Vm, out TrackedVm? vm))
        {
            return;
        }

        string message = Shown(report.Message);
        if (vm.Active is not { } run || run.Data.Id != report.RunId || run.Data.Attempt != report.Attempt)
        {
            HearLateReport(vm, report, message);
            return;
        }

        if (run.State == RunState.Waking && run.Data.IsHandOverBegun)
        {
            // It was handed over before a broker died, and speaks before it is asked.
            BeginPerforming(run, RunReason.Recovered, "the guest has it");
        }

        (RunState next, string? whyNot) = GuestTransition.Judge(run.State, run.MayHaveRestarted, report.Status, report.Percent);
        if (whyNot is not null)
        {
            // Before the hand-over a guest that speaks of the run is only early or confused; after it, it is not to be trusted with it.
            if (run.State.IsPerforming())
            {
                End(run, RunState.Failed, RunReason.GuestNonsense, $"the guest reported what cannot be: {whyNot}", mayRetry: false);
            }
            else
            {
                Note(run, null, RunReason.ReportIgnored, whyNot);
            }

            return;
        }

        TakeReport(run, report, next, message);
    }

    private void TakeReport(TrackedRun run, Observation.GuestReported report, RunState next, string message)
    {
        if (!run.Data.IsHandOverConfirmed)
        {
            Change(run, run.Data with { IsHandOverConfirmed = true });
        }

        run.AwaySince = null;
        run.MayHaveRestarted = false;
        switch (next)
        {
            case RunState.Succeeded when report.NeedsRestart:
                run.IsDoneButRestart = true;
                DecideRestart(run);
                return;
            case RunState.Succeeded:
                End(run, RunState.Succeeded, RunReason.Done, message.Length > 0 ? message : "done", isGuestsWord: true);
                return;
            case RunState.Failed when run.Data.IsCancelAsked:
                End(run, RunState.Canceled, RunReason.CanceledByUser, "the guest gave it up", isGuestsWord: true);
                return;
            case RunState.Failed:
                End(run, RunState.Failed, RunReason.GuestFailed, message.Length > 0 ? message : "the guest reported a failure", isGuestsWord: true);
                return;
            case RunState.Rebooting when run.State != RunState.Rebooting:
                SetState(run, next, RunReason.GuestReported, message);
                Change(run, run.Data with { Restarts = run.Data.Restarts + 1, Percent = report.Percent });
                if (run.Data.Restarts > run.Task.Task.MaxRestarts)
                {
                    End(
                        run,
                        RunState.Failed,
                        RunReason.TooManyRestarts,
                        string.Format(CultureInfo.InvariantCulture, "the guest restarts for the {0}th time, {1} are allowed", run.Data.Restarts, run.Task.Task.MaxRestarts),
                        mayRetry: false);
                }

                return;
        }

        if (next == RunState.Rebooting)
        {
            // It has not gone down yet, or is not through: asked again later.
            run.Vm.TryAgain = _now.Monotonic + AskAgainAfter;
        }

        else
        {
            // It goes on: it was not done, whatever it said before.
            run.IsDoneButRestart = false;
        }

        if (run.State != next)
        {
            SetState(run, next, RunReason.GuestReported, message);
        }

        if (run.Data.Percent != report.Percent)
        {
            Change(run, run.Data with { Percent = report.Percent });
        }
    }

    /// <summary>
    /// What has ended for us may still be at work in the guest. Whatever the guest says it is in the midst of, it is not put back then;
    /// a guest that lies about it only stays awake, and the reason is shown.
    /// </summary>
    private void HearLateReport(TrackedVm vm, Observation.GuestReported report, string message)
    {
        switch ((GuestStatus)report.Status)
        {
            case GuestStatus.Success or GuestStatus.Failed:
                NoteEndOfWork(vm, report.RunId, report.Attempt);
                break;
            case GuestStatus.Applying:
                HearOfWork(vm, new BusyRun(report.RunId, report.Attempt, RunState.Applying));
                break;
            case GuestStatus.Rebooting:
                HearOfWork(vm, new BusyRun(report.RunId, report.Attempt, RunState.Rebooting));
                break;
        }

        Note(vm, RunReason.ReportIgnored, $"status {report.Status} for no run that is under way. {message}");
    }

    /// <summary>The guest is not in the midst of an attempt any more.</summary>
    private void NoteEndOfWork(TrackedVm vm, Guid run, int attempt)
    {
        if (vm.BusyWith.RemoveAll(work => work.RunId == run && work.Attempt == attempt) > 0)
        {
            WriteWork(vm);
        }

        if (vm.Care == VmCare.Left && vm.LeftReason is RunReason.StillApplying or RunReason.StillRebooting)
        {
            // The next one is asked for, or the machine put back.
            vm.TryAgain = null;
            vm.Care = vm.BusyWith.Count == 0 ? VmCare.Awake : VmCare.Left;
            Offer(vm);
        }
    }

    private void HearOfWork(TrackedVm vm, BusyRun work)
    {
        // It may be an old word that the guest's last one overtook on its way: asked again, it says what holds.
        vm.MustAskOfWork |= !vm.BusyWith.Contains(work);
        NoteWork(vm, work);
    }

    private void NoteWork(TrackedVm vm, BusyRun work)
    {
        if (vm.BusyWith.Contains(work))
        {
            return;
        }

        vm.BusyWith.RemoveAll(known => known.RunId == work.RunId && known.Attempt == work.Attempt);
        if (vm.BusyWith.Count >= MostWorks)
        {
            vm.BusyWith.RemoveAt(0);
        }

        vm.BusyWith.Add(work);
        WriteWork(vm);
    }

    private void WriteWork(TrackedVm vm)
    {
        // Written down: a broker that comes after this one must not disturb the guest either.
        if (vm.Care != VmCare.None)
        {
            WriteCare(vm);
        }

        Offer(vm);
    }

    private void DecideRestart(TrackedRun run)
    {
        // Nobody's open work is lost for a moment-old answer: the sessions are read again first.
        TrackedVm vm = run.Vm;
        if (run.Task.Task.RestartPolicy == RestartPolicy.IfNoSession)
        {
            Act(vm, id => new BrokerAction.ReadSessions(id, vm.Key));
            return;
        }

        FinishOrRestart(run);
    }

    private void FinishOrRestart(TrackedRun run)
    {
        UpdateTask task = run.Task.Task;
        TrackedVm vm = run.Vm;
        string? whyNot = run.Data.IsCancelAsked || _state.IsStopping
            ? "it was called off"
            : SessionRules.WhyNoRestart(task.RestartPolicy, vm.Sessions, task.AllowUnknownSessions, run.Data.Restarts, task.MaxRestarts);
        if (whyNot is not null)
        {
            Change(run, run.Data with { IsRestartPending = true });
            End(run, RunState.Succeeded, RunReason.RestartPending, $"done; a restart is pending: {whyNot}", isGuestsWord: true);
            return;
        }

        Change(run, run.Data with { Restarts = run.Data.Restarts + 1, IsRestartPending = true });
        SetState(run, RunState.Rebooting, RunReason.RestartOrdered, "done; the guest is restarted");
        Act(vm, id => new BrokerAction.RestartGuest(id, vm.Key));
    }

    private static string Shown(string message)
    {
        // The guest's words go to logs and screens: bounded, and nothing in them moves a cursor.
        string bounded = message.Length > LongestMessage ? message.Substring(0, LongestMessage) : message;
        return bounded.Any(char.IsControl) ? new string(bounded.Select(c => char.IsControl(c) ? ' ' : c).ToArray()) : bounded;
    }
}
