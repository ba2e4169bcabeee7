using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Simulation.World;

// Users, administrators, the clock and the host do as they please.
internal sealed partial class SimulatedWorld
{
    private void Disturb()
    {
        _cpu = Math.Clamp(_cpu + ((_chance.NextDouble() - 0.5) * 20), 0, 100);
        _othersMemory = Math.Clamp(_othersMemory + (_chance.Next(-8, 9) * (1L << 28)), 0, HostMemory);
        if (!Happens(_options.Faults))
        {
            return;
        }

        SimulatedVm vm = _vmList[_chance.Next(_vmList.Count)];
        switch (_chance.Next(17))
        {
            case 0 or 1:
                LogOn(vm);
                break;
            case 2:
                vm.Guest.Sessions.Clear();
                break;
            case 3 when vm.ActionsUnderWay == 0 && vm.Power != VmPowerState.Running:
                // Its owner starts it.
                SetPower(vm, VmPowerState.Running, isLooked: true);
                LogOn(vm);
                break;
            case 4 when vm.ActionsUnderWay == 0 && vm.Power == VmPowerState.Running && Happens(0.3):
                SetPower(vm, Happens(0.5) ? VmPowerState.Saved : VmPowerState.Off, isLooked: true);
                break;
            case 5:
                _clockOffset += Happens(0.5) ? Seconds(0, 600) : -Seconds(0, 600);
                break;
            case 6 when Happens(0.2):
                TimeSpan asleep = Seconds(300, 20_000);
                Monotonic += asleep;
                _slept += asleep;
                _observations.Add(new Observation.HostSlept());
                Measure();
                break;
            case 7:
                _observations.Add(new Observation.VmHeld(vm.Machine.Key, true));
                After(Seconds(10, 1000), () => _observations.Add(new Observation.VmHeld(vm.Machine.Key, false)));
                break;
            case 8 when Happens(0.3):
                _observations.Add(new Observation.HostHeld(true));
                After(Seconds(10, 300), () => _observations.Add(new Observation.HostHeld(false)));
                break;
            case 9 when State.Runs.Count > 0 && Happens(0.3):
                // Calling off is written down by whoever asks; here it survives because the broker is told again.
                _observations.Add(new Observation.CancelAsked(State.Runs.Keys.ElementAt(_chance.Next(State.Runs.Count))));
                break;
            case 10 when _tasks.Count > 0 && Happens(0.1):
                Guid removed = _tasks.Keys.ElementAt(_chance.Next(_tasks.Count));
                _removedTasks.Add(removed);
                _observations.Add(new Observation.TaskRemoved(removed));
                break;
            case 11 when _tasks.Count < 16:
                Register(_tasks.Count);
                break;
            case 12 when vm.Power == VmPowerState.Running && vm.Guest.IsReachable:
                GoAway(vm, Seconds(5, 5000));
                break;
            case 13:
                Lie(vm);
                break;
            case 14:
                Look(vm);
                break;
            case 16 when Happens(0.2) && !State.IsStopping:
                // Somebody stops the broker; later another one is started.
                _observations.Add(new Observation.StopAsked());
                int life = Deaths;
                After(Seconds(60, 3600), () => _isRestartDue |= life == Deaths);
                break;
            case 15:
                foreach (Guid held in _heldTasks.ToList())
                {
                    _heldTasks.Remove(held);
                    _observations.Add(new Observation.TaskHeld(held, false));
                }

                break;
        }
    }

    /// <summary>A guest says anything at all, perhaps of its own work: then it is believed to be where it says.</summary>
    private void Lie(SimulatedVm vm)
    {
        int status = _chance.Next(-1, 10);
        int attempt = _chance.Next(3);
        int percent = _chance.Next(-10, 120);
        if (vm.Guest.Work is { } work && work.Attempt == attempt && vm.Power == VmPowerState.Running)
        {
            vm.Guest.Told = Believed(status, percent);
        }

        _observations.Add(new Observation.GuestReported(vm.Machine.Key, vm.Guest.Work?.Run ?? Guid.Empty, attempt, status, percent, Happens(0.5), "noise"));
    }

    /// <summary>Where a guest is by its own word; what cannot be is no word at all.</summary>
    private static GuestStatus Believed(int status, int percent) => percent is >= 0 and <= 100 ? (GuestStatus)status : GuestStatus.Unknown;

    /// <summary>The name of the machine's kind, for messages.</summary>
    private static string Say(SimulatedVm vm) => $"{vm.Machine.Name} ({vm.Power}{(vm.Machine.Kind == TargetKinds.None ? ", ignored" : string.Empty)})";
}
