namespace VmUpdate.Core.Broker;

// What was ordered has ended.
internal sealed partial class BrokerStep
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(30);

    private void EndAction(Observation.ActionEnded ended)
    {
        // An answer to what nobody waits for any more.
        if (!_state.Pending.TryGetValue(ended.ActionId, out (TrackedVm Vm, BrokerAction Action) pending))
        {
            return;
        }

        TrackedVm vm = pending.Vm;
        _state.Pending.Remove(ended.ActionId);
        vm.PendingAction = 0;
        switch (pending.Action)
        {
            case BrokerAction.Wake:
                EndWake(vm, ended.Failure);
                break;
            case BrokerAction.AwaitGuest when vm.Active is { } run && ended.Failure is { } failure:
                EndAwaitGuest(run, failure);
                break;
            case BrokerAction.HandOver when vm.Active is { } run:
                EndHandOver(run, ended.Failure);
                break;
            case BrokerAction.AskProgress when vm.Active is { } run && ended.Failure is { } failure:
                EndAskProgress(run, failure);
                break;
            case BrokerAction.AskProgress ask when vm.Active is null && ended.Failure is { Code: nameof(RunReason.GuestForgot) }:
                NoteEndOfWork(vm, ask.RunId, ask.Attempt);
                break;
            case BrokerAction.RestartGuest when vm.Active is { } run:
                EndRestart(run, ended.Failure);
                break;
            case BrokerAction.ReadSessions:
                EndReadSessions(vm, ended.Failure);
                break;
            case BrokerAction.PutBack putBack:
                EndPutBack(vm, putBack, ended.Failure);
                break;
        }

        Offer(vm);
    }

    private void EndWake(TrackedVm vm, ActionFailure? failure)
    {
        _state.Gate.EndWake(vm.Counted.UnseenBytes);
        vm.Counted = (vm.Counted.Volume, 0);
        vm.Care = VmCare.Awake;
        _state.MustLookForStarts = true;
        if (failure is not null)
        {
            // What it does now is seen next; until then nothing is done to it.
            vm.Power = Machines.VmPowerState.Changing;
            if (vm.Active is { } failed)
            {
                End(failed, RunState.Failed, RunReason.WakeFailed, failure.Message, mayRetry: true);
            }

            if (failure.IsUnderWay)
            {
                // It may start at any moment, with nobody who waits for it: it counts as awake until it is seen asleep.
                Leave(vm, RunReason.CallNotEnded, failure.Message);
            }

            return;
        }

        vm.Power = Machines.VmPowerState.Running;
        if (vm.Active is { } run)
        {
            Change(run, run.Data with { Reason = RunReason.WaitingForGuest, Detail = "the machine is awake; its guest is awaited" });
            AwaitGuest(vm, run);
        }
    }

    private void EndAwaitGuest(TrackedRun run, ActionFailure failure)
    {
        if (run.State == RunState.Waking)
        {
            End(run, RunState.Failed, RunReason.GuestNotReached, failure.Message);
        }
        else
        {
            run.Vm.TryAgain = _now.Monotonic + AskAgainAfter;
        }
    }

    private void EndHandOver(TrackedRun run, ActionFailure? failure)
    {
        if (failure is null)
        {
            Change(run, run.Data with { IsHandOverConfirmed = true });
            return;
        }

        RunReason reason = failure.Code switch
        {
            nameof(RunReason.NoUpdateAgent) => RunReason.NoUpdateAgent,
            "TaskPayloadChanged" => RunReason.PayloadChanged,
            _ => RunReason.HandOverFailed,
        };
        // The order may have arrived although the answer did not.
        TellToStop(run);
        End(run, RunState.Failed, reason, failure.Message, mayRetry: reason == RunReason.HandOverFailed);
    }

    private void EndAskProgress(TrackedRun run, ActionFailure failure)
    {
        if (failure.Code == nameof(RunReason.GuestForgot))
        {
            if (run.Data.IsHandOverConfirmed)
            {
                End(run, RunState.Failed, RunReason.GuestForgot, failure.Message);
            }
            else
            {
                // The order never arrived.
                HandOver(run);
            }

            return;
        }

        run.AwaySince ??= _now.Monotonic;
        run.Vm.TryAgain = _now.Monotonic + AskAgainAfter;
    }

    private void EndRestart(TrackedRun run, ActionFailure? failure)
    {
        if (failure is null)
        {
            AwaitGuest(run.Vm, run);
            return;
        }

        End(run, RunState.Succeeded, RunReason.RestartPending, $"done; a restart is pending: {failure.Message}", isGuestsWord: true);
    }

    private void EndReadSessions(TrackedVm vm, ActionFailure? failure)
    {
        if (failure is not null)
        {
            vm.Sessions = null;
        }

        if (vm.Active is { IsDoneButRestart: true, State: not RunState.Rebooting } run)
        {
            FinishOrRestart(run);
        }

        // Whether the machine is put back is decided when all that was observed is taken in: the guest may have said something since.
    }

    private void EndPutBack(TrackedVm vm, BrokerAction.PutBack putBack, ActionFailure? failure)
    {
        if (failure is null)
        {
            vm.Power = putBack.To;
            EndCare(vm, RunReason.PutBack, $"it was put back to {putBack.To}", isMarkGone: true);
            return;
        }

        vm.Care = VmCare.Awake;
        vm.Power = Machines.VmPowerState.Changing;
        vm.PutBackFailures++;
        if (putBack.To == Machines.VmPowerState.Off)
        {
            // A clean stop that was asked for goes on in the guest: it is watched, not asked again, and never replaced by force.
            Leave(vm, RunReason.CleanStopNotEnded, failure.Message);
        }
        else if (failure.IsUnderWay)
        {
            Leave(vm, RunReason.CallNotEnded, failure.Message);
        }
        else if (vm.PutBackFailures >= MostPutBackTries)
        {
            Leave(vm, RunReason.PutBackFailed, failure.Message);
        }
        else
        {
            vm.TryAgain = _now.Monotonic + TimeSpan.FromMinutes(vm.PutBackFailures);
            Note(vm, RunReason.PutBackFailed, $"{failure.Message} It is tried again.");
        }
    }
}
