using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Simulation.World;

// What guests do with what they are given.
internal sealed partial class SimulatedWorld
{
    private ActionFailure? HandOver(SimulatedVm vm, BrokerAction.HandOver handOver)
    {
        SimulatedGuest guest = vm.Guest;
        if (!guest.Begun.TryGetValue(handOver.RunId, out HashSet<int>? attempts))
        {
            guest.Begun.Add(handOver.RunId, attempts = []);
        }

        if (attempts.Add(handOver.Attempt))
        {
            CheckHandOver(handOver);
            guest.Work = (handOver.RunId, handOver.Attempt);
            guest.Status = GuestStatus.Searching;
            guest.Told = GuestStatus.Searching;
            guest.WantsRestart = false;
            Continue(vm, _tempers[handOver.TaskId], 0);
        }

        return null;
    }

    /// <summary>Goes on with the work some time later; waits while the machine sleeps or restarts.</summary>
    private void Continue(SimulatedVm vm, GuestTemper temper, int phase)
    {
        (Guid Run, int Attempt)? work = vm.Guest.Work;
        After(Seconds(5, phase == 0 ? 30 : 300), () =>
        {
            if (work is null || vm.Guest.Work != work)
            {
                return;
            }

            if (vm.Power != VmPowerState.Running || !vm.Guest.IsReachable)
            {
                Continue(vm, temper, phase);
                return;
            }

            Work(vm, temper, phase);
        });
    }

    private void Work(SimulatedVm vm, GuestTemper temper, int phase)
    {
        SimulatedGuest guest = vm.Guest;
        switch (phase)
        {
            case 0:
                Report(vm, GuestStatus.Downloading);
                break;
            case 1 when temper == GuestTemper.Fails:
                End(vm, GuestStatus.Failed);
                return;
            case 1:
                Report(vm, GuestStatus.Applying);
                break;
            case 2 when temper == GuestTemper.Hangs:
                return;
            case 2 when temper == GuestTemper.TalksNonsense:
                int nonsense = _chance.Next(-5, 99);
                int percent = _chance.Next(-500, 500);
                guest.Told = Believed(nonsense, percent);
                _observations.Add(new Observation.GuestReported(
                    vm.Machine.Key, guest.Work!.Value.Run, guest.Work.Value.Attempt, nonsense, percent, false, "\u001b[2J"));
                break;
            case 2 when temper == GuestTemper.RestartsItself:
                Report(vm, GuestStatus.Rebooting);
                GoAway(vm, Seconds(20, 200));
                break;
            case 2 or 3 or 4 when temper == GuestTemper.LosesConnection:
                GoAway(vm, Seconds(20, 200));
                break;
            case 3 when temper == GuestTemper.RestartsItself:
                Report(vm, GuestStatus.Rebooted);
                break;
            case 3 when temper == GuestTemper.Forgets:
                // Only what it has told of: a guest that forgets before its first word cannot be told from one that never got it.
                if (_storedRuns.GetValueOrDefault(guest.Work!.Value.Run) is { IsHandOverConfirmed: true })
                {
                    guest.Begun.Remove(guest.Work.Value.Run);
                }

                guest.Work = null;
                GoAway(vm, Seconds(20, 200));
                return;
            case 5:
                guest.WantsRestart = temper == GuestTemper.WantsRestart;
                End(vm, GuestStatus.Success);
                return;
        }

        Continue(vm, temper, phase + 1);
    }

    private void End(SimulatedVm vm, GuestStatus status) => Report(vm, status);

    private void Report(SimulatedVm vm, GuestStatus status)
    {
        SimulatedGuest guest = vm.Guest;
        guest.Status = status;
        if (guest.Work is { } work && !Happens(FaultRate * 0.02))
        {
            guest.Told = status;
            _observations.Add(new Observation.GuestReported(
                vm.Machine.Key, work.Run, work.Attempt, (int)status, status == GuestStatus.Applying ? 50 : null, guest.WantsRestart, string.Empty));
        }
    }

    private ActionFailure? TellProgress(SimulatedVm vm, BrokerAction.AskProgress ask)
    {
        if (vm.Guest.Work is not { } work || work != (ask.RunId, ask.Attempt))
        {
            return new ActionFailure("GuestForgot", "the guest knows nothing of it", false);
        }

        Report(vm, vm.Guest.Status);
        return null;
    }

    private ActionFailure? CancelInGuest(SimulatedVm vm, BrokerAction.CancelInGuest cancel)
    {
        if (vm.Guest.Work == (cancel.RunId, cancel.Attempt) && vm.Guest.Status is GuestStatus.Searching or GuestStatus.Downloading)
        {
            End(vm, GuestStatus.Failed);
            vm.Guest.Work = null;
        }

        return null;
    }

    private ActionFailure? RestartGuest(SimulatedVm vm)
    {
        vm.Guest.Sessions.Clear();
        GoAway(vm, Seconds(20, 200));
        return null;
    }

    private void GoAway(SimulatedVm vm, TimeSpan time)
    {
        vm.Guest.IsReachable = false;
        _observations.Add(new Observation.GuestSilent(vm.Machine.Key));
        ComeBack(vm, time);
    }

    private void ComeBack(SimulatedVm vm, TimeSpan time)
    {
        int boot = vm.Boot;
        After(time, () =>
        {
            if (vm.Boot == boot && vm.Power == VmPowerState.Running)
            {
                vm.Guest.IsReachable = true;
                SpeakUp(vm);
            }
        });
    }

    /// <summary>An agent whose connection is back says where it is.</summary>
    private void SpeakUp(SimulatedVm vm) => After(Seconds(0, 2), () =>
    {
        if (vm.Guest.IsReachable && vm.Guest.Work is not null && vm.Guest.Status is GuestStatus.Applying or GuestStatus.Rebooting)
        {
            Report(vm, vm.Guest.Status);
        }
    });

    private void LogOn(SimulatedVm vm)
    {
        if (vm.Power == VmPowerState.Running && vm.Guest.IsReachable && vm.Guest.Sessions.Count < 4)
        {
            int id = ++_lastSession;
            vm.Guest.Sessions.Add(new UserSession(id, "user", IsActive: true));
            vm.Guest.ActiveSince[id] = AwakeTime;
        }
    }
}
