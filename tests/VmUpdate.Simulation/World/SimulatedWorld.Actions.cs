using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

// What the broker orders is done, late, not at all, or otherwise than it is told.
internal sealed partial class SimulatedWorld
{
    private double FaultRate => _isCalm ? 0 : _options.Faults;

    private void CarryOut(BrokerAction action)
    {
        SimulatedVm vm = _vms[action.Vm];
        switch (action)
        {
            case BrokerAction.Wake wake:
                Wake(vm, wake);
                break;
            case BrokerAction.PutBack putBack:
                PutBack(vm, putBack);
                break;
            case BrokerAction.AwaitGuest awaited:
                AwaitGuest(vm, awaited, Monotonic + awaited.Timeout, Deaths);
                break;
            case BrokerAction.HandOver handOver:
                TellGuest(action.Id, vm, () => HandOver(vm, handOver));
                break;
            case BrokerAction.AskProgress ask:
                TellGuest(action.Id, vm, () => TellProgress(vm, ask));
                break;
            case BrokerAction.CancelInGuest cancel:
                TellGuest(action.Id, vm, () => CancelInGuest(vm, cancel));
                break;
            case BrokerAction.RestartGuest:
                CheckRestart(vm);
                TellGuest(action.Id, vm, () => RestartGuest(vm));
                break;
            case BrokerAction.ReadSessions:
                TellGuest(action.Id, vm, () => Ok(() => _observations.Add(new Observation.SessionsSeen(vm.Machine.Key, KnownSessions(vm)))), () => KeepSessions(vm));
                break;
            case BrokerAction.ClearMark:
                vm.Mark = null;
                Answer(action.Id, Deaths, null);
                break;
        }
    }

    private static ActionFailure? Ok(Action happening)
    {
        happening();
        return null;
    }

    /// <summary>Answers, unless whoever asked has died meanwhile.</summary>
    private void Answer(long action, int life, ActionFailure? failure)
    {
        if (life == Deaths)
        {
            _observations.Add(new Observation.ActionEnded(action, failure));
        }
    }

    private void Wake(SimulatedVm vm, BrokerAction.Wake wake)
    {
        CheckWake(vm);
        vm.Mark = wake.From;
        vm.WokenFrom = wake.From;
        vm.BaselineAt = null;
        vm.ActionsUnderWay++;
        int life = Deaths;
        bool fails = Happens(FaultRate * 0.1);
        bool startsAnyway = fails && Happens(0.3);
        bool hangs = fails && Happens(0.3);
        if (hangs)
        {
            // The driver gives it up, and looks at the machine again when the call has ended after all.
            After(Seconds(600, 700), () => Answer(wake.Id, life, new ActionFailure(nameof(RunReason.CallNotEnded), "the host does not answer", true)));
        }

        After(hangs ? Seconds(700, 5000) : Seconds(2, 60), () =>
        {
            vm.ActionsUnderWay--;
            bool isAsleep = vm.Power is not VmPowerState.Running;
            if (isAsleep && (!fails || startsAnyway))
            {
                SetPower(vm, VmPowerState.Running, isLooked: false);
            }

            if (!hangs)
            {
                Answer(wake.Id, life, fails ? new ActionFailure("OperationFailed", "the host could not start it", true) : null);
            }

            if (fails || life != Deaths)
            {
                Look(vm);
            }
        });
    }

    private void PutBack(SimulatedVm vm, BrokerAction.PutBack putBack)
    {
        CheckPutBack(vm, putBack);
        vm.ActionsUnderWay++;
        int life = Deaths;
        bool fails = Happens(FaultRate * 0.1);
        bool isSlow = fails && putBack.To == VmPowerState.Off;
        After(isSlow ? putBack.Timeout : Seconds(2, 60), () =>
        {
            vm.ActionsUnderWay--;
            if (!fails && vm.Power == VmPowerState.Running)
            {
                vm.Mark = null;
                SetPower(vm, putBack.To, isLooked: false);
            }

            if (isSlow)
            {
                After(Seconds(60, 3600), () => SetPower(vm, VmPowerState.Off, isLooked: true));
            }

            Answer(putBack.Id, life, fails ? new ActionFailure("ShutdownTimedOut", "it did not stop in time", true) : null);
            if (fails || life != Deaths)
            {
                Look(vm);
            }
        });
    }

    private void AwaitGuest(SimulatedVm vm, BrokerAction.AwaitGuest awaited, TimeSpan deadline, int life)
    {
        After(Seconds(1, 10), () =>
        {
            if (life != Deaths)
            {
                return;
            }

            if (vm.Power == VmPowerState.Running && vm.Guest.IsReachable)
            {
                _observations.Add(new Observation.GuestAnswered(vm.Machine.Key, KnownSessions(vm)));
            }
            else if (Monotonic >= deadline)
            {
                Answer(awaited.Id, life, new ActionFailure("GuestNotReached", "the guest did not answer", true));
            }
            else
            {
                AwaitGuest(vm, awaited, deadline, life);
            }
        });
    }

    private void TellGuest(long action, SimulatedVm vm, Func<ActionFailure?> tell, Action? onFailure = null)
    {
        int life = Deaths;
        bool isLost = Happens(FaultRate * 0.03);
        After(Seconds(0, 3), () =>
        {
            bool reaches = vm.Power == VmPowerState.Running && vm.Guest.IsReachable;
            ActionFailure? failure = reaches ? tell() : new ActionFailure("GuestNotReached", "the guest does not answer", true);

            if (isLost || failure is not null)
            {
                onFailure?.Invoke();
            }

            // The guest did it, and the answer never came.
            Answer(action, life, isLost ? new ActionFailure("GuestNotReached", "the answer did not come", true) : failure);
        });
    }

    /// <summary>The sessions were asked for, and no answer came.</summary>
    private void KeepSessions(SimulatedVm vm)
    {
        vm.BaselineAt ??= AwakeTime;
        vm.Guest.ToldSessions = null;
    }

    private IReadOnlyList<UserSession>? KnownSessions(SimulatedVm vm)
    {
        vm.BaselineAt ??= AwakeTime;
        vm.Guest.ToldSessions = Happens(FaultRate * 0.05) ? null : [.. vm.Guest.Sessions];
        return vm.Guest.ToldSessions;
    }

    private void SetPower(SimulatedVm vm, VmPowerState power, bool isLooked)
    {
        if (vm.Power == power)
        {
            return;
        }

        bool boots = vm.Power == VmPowerState.Off;
        vm.Power = power;
        vm.Boot++;
        vm.Guest.IsReachable = power == VmPowerState.Running && !boots;
        if (power == VmPowerState.Running && boots)
        {
            vm.Guest.Sessions.Clear();
            ComeBack(vm, Seconds(10, 120));
        }

        if (power == VmPowerState.Running && !boots)
        {
            SpeakUp(vm);
        }

        if (power != VmPowerState.Running)
        {
            // Whatever it was in the midst of before it slept, it has not said so since: an agent that is back says where it is.
            vm.Guest.Told = GuestStatus.Unknown;

            // Nobody works at a machine that does not run.
            for (int i = 0; i < vm.Guest.Sessions.Count; i++)
            {
                vm.Guest.Sessions[i] = vm.Guest.Sessions[i] with { IsActive = false };
            }
        }

        if (isLooked)
        {
            Look(vm);
        }
    }
}
