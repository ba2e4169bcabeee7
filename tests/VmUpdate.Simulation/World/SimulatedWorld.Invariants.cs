using System.Globalization;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Simulation.World;

// What must always hold, seen from outside the broker wherever that is possible.
internal sealed partial class SimulatedWorld
{
    private readonly Dictionary<Guid, int> _handedOver = [];

    private void CheckStep(StepResult result, List<Observation> observations)
    {
        foreach (UpdateRun run in result.Runs)
        {
            UpdateRun? before = _storedRuns.GetValueOrDefault(run.Id);
            CheckRun(run, before, result);
        }

        CheckCounts();
        if (Steps % 64 == 0)
        {
            CheckLists(result);
        }
    }

    private void CheckRun(UpdateRun run, UpdateRun? before, StepResult result)
    {
        if (before is not null && before.State != run.State && !result.Journal.Exists(j => j.RunId == run.Id && j.State == run.State))
        {
            Fail($"the journal does not explain why the run on {run.VmName} went from {before.State} to {run.State}");
        }

        if (before is not null && before.State.IsEnded() && before.State != run.State
            && !(run.State == RunState.LeftAwake && before.State != RunState.LeftAwake && run.Outcome == before.State))
        {
            Fail($"the run on {run.VmName} had ended as {before.State} and became {run.State}");
        }

        if (run.State != RunState.Waking || before is { State: RunState.Waking } || !_tasks.TryGetValue(run.TaskId, out UpdateTask? task))
        {
            return;
        }

        DateTime now = State.Now.Utc;
        if (now < run.NotBefore || now < run.Due || (task.Schedule.StartTime is { } start && now < start))
        {
            Fail($"a run on {run.VmName} began before its start: now {now:O}, not before {run.NotBefore:O}, due {run.Due:O}, start {task.Schedule.StartTime:O}");
        }

        if ((task.Schedule.EndTime is { } end && now > end) || (task.Schedule.StopTime is { } stop && now >= stop))
        {
            Fail($"a run on {run.VmName} began after its end time");
        }

        if (task.Schedule.Windows.Count > 0 && !task.Schedule.Windows.Any(w => IsOpen(w, now, task.Schedule.TimeZoneId)))
        {
            Fail($"a run on {run.VmName} began outside its window");
        }
    }

    /// <summary>Said otherwise than the broker says it: by the wall clock.</summary>
    private static bool IsOpen(MaintenanceWindow window, DateTime utc, string zone)
    {
        TimeSpan time = TimeZoneInfo.ConvertTimeFromUtc(utc, TimeZoneInfo.FindSystemTimeZoneById(zone)).TimeOfDay;
        return window.Opens < window.Closes ? time >= window.Opens && time < window.Closes : time >= window.Opens || time < window.Closes;
    }

    private void CheckWake(SimulatedVm vm)
    {
        int awake = _vmList.Count(v => v.WokenFrom is not null && v != vm && (v.Power == VmPowerState.Running || v.ActionsUnderWay > 0)) + 1;
        if (awake > _options.Limits.MaxAwake)
        {
            Fail($"{awake} machines are awake for updates, {_options.Limits.MaxAwake} may be");
        }

        HostLoad load = State.Gate.Load!;
        if (load.CpuPercent >= _options.Limits.CpuCeilingPercent)
        {
            Fail($"{Say(vm)} is woken at {load.CpuPercent:0} % of the processors");
        }

        long reserve = _options.Limits.ReserveOf(load.TotalMemoryBytes);
        if (vm.Power != VmPowerState.Paused && load.FreeMemoryBytes < vm.Machine.MemoryBytes + reserve)
        {
            Fail($"{Say(vm)} is woken with too little free memory");
        }

        if (State.IsHeld || State.IsStopping)
        {
            Fail($"{Say(vm)} is woken although all work is suspended");
        }
    }

    private void CheckPutBack(SimulatedVm vm, BrokerAction.PutBack putBack)
    {
        CheckUsers(vm);
        if (vm.Guest.Work is { } work && _storedRuns.TryGetValue(work.Run, out UpdateRun? run) && run.Attempt == work.Attempt
            && vm.Guest.Told is GuestStatus.Applying or GuestStatus.Rebooting && vm.Guest.Status == vm.Guest.Told
            && run.State is not (RunState.Succeeded or RunState.Pending))
        {
            Fail($"{Say(vm)} is put back to {putBack.To} while its guest is {vm.Guest.Told}; the run is {run.State} ({run.Reason})");
        }

        if (vm.WokenFrom is { } found && putBack.To != found)
        {
            Fail($"{Say(vm)} was found {found} and is put back to {putBack.To}");
        }
    }

    private void CheckHandOver(BrokerAction.HandOver handOver)
    {
        int times = _handedOver[handOver.RunId] = _handedOver.GetValueOrDefault(handOver.RunId) + 1;
        UpdateTask task = _tasks[handOver.TaskId];
        if (times > 1 + task.Retry.MaxRetries || times > handOver.Attempt)
        {
            Fail($"'{task.Name}' was begun {times} times in attempt {handOver.Attempt}, with {task.Retry.MaxRetries} retries allowed");
        }
    }

    private void CheckRestart(SimulatedVm vm)
    {
        // What the guest said next, in the same step, may have ended the run that the restart is for.
        TrackedVm tracked = State.Vms[vm.Machine.Key];
        UpdateTask task = (tracked.Active ?? tracked.LastRun)!.Task.Task;
        if (task.RestartPolicy == RestartPolicy.Never)
        {
            Fail($"{Say(vm)} is restarted although its task restarts nothing");
        }

        if (task.RestartPolicy != RestartPolicy.IfNoSession)
        {
            return;
        }

        if (vm.Guest.ToldSessions is null ? !task.AllowUnknownSessions : vm.Guest.ToldSessions.Any(told => vm.Guest.Sessions.Contains(told)))
        {
            Fail($"{Say(vm)} is restarted although {vm.Guest.ToldSessions?.Count.ToString(CultureInfo.InvariantCulture) ?? "unknown"} sessions are there");
        }

        if (vm.Guest.ToldSessions is not null && Arrived(vm, default).Any())
        {
            Fail($"{Say(vm)} is restarted although a user has been there for a while");
        }
    }

    /// <summary>Who became active after a time, and has been so for long enough to be seen by whoever looks before he acts.</summary>
    private IEnumerable<UserSession> Arrived(SimulatedVm vm, TimeSpan after) => vm.Guest.Sessions.Where(session =>
        session.IsActive && vm.Guest.ActiveSince.TryGetValue(session.Id, out TimeSpan since) && since > after && since < AwakeTime - TimeSpan.FromSeconds(5));

    private void CheckUsers(SimulatedVm vm)
    {
        if (vm.BaselineAt is not { } baseline)
        {
            Fail($"{Say(vm)} is put back and nobody was asked for");
        }
        else if (vm.Guest.ToldSessions is not null && Arrived(vm, baseline).Any())
        {
            Fail($"{Say(vm)} is put back although a user came");
        }
        else if (vm.Guest.ToldSessions is null && State.Vms[vm.Machine.Key].LastRun?.Task.Task.AllowUnknownSessions != true)
        {
            Fail($"{Say(vm)} is put back although its sessions are not known");
        }
    }

    private void CheckCounts()
    {
        int active = 0;
        int awake = 0;
        foreach (TrackedVm vm in State.Watched)
        {
            active += vm.Active is null ? 0 : 1;
            awake += vm.Care == VmCare.None ? 0 : 1;
        }

        if (active != State.Gate.Runs || awake != State.Gate.Awake || State.Gate.UnseenBytes < 0)
        {
            Fail($"{active} runs and {awake} machines are under way, the gate counts {State.Gate.Runs} and {State.Gate.Awake}");
        }
    }

    private void CheckLists(StepResult result)
    {
        foreach (TrackedVm vm in State.Vms.Values)
        {
            if (vm.Active is not null && vm.Open.Count(r => r.State.IsActive()) != 1)
            {
                Fail($"{vm.Machine.Name} has {vm.Open.Count(r => r.State.IsActive())} runs under way");
            }

            if (vm.Open.GroupBy(run => run.Task).Any(runs => runs.Count() > 1))
            {
                Fail($"{vm.Machine.Name} has two runs of one task");
            }

            if (vm.IsWatched != State.Watched.Contains(vm))
            {
                Fail($"{vm.Machine.Name} is watched wrongly");
            }

            if (vm.Queue.Count > 0 && vm.IsFree != (vm.Offered is not null))
            {
                Fail($"{vm.Machine.Name} has {vm.Queue.Count} runs and is not offered rightly (free {vm.IsFree})");
            }
        }

        foreach (TrackedRun run in State.Runs.Values)
        {
            if (!_storedRuns.ContainsKey(run.Data.Id) && !result.Runs.Exists(r => r.Id == run.Data.Id))
            {
                Fail($"the run on {run.Data.VmName} was never written down");
            }

            if (run.State.IsWaiting() && run.Timer is null && !run.Vm.Queue.ContainsKey(run.Key) && run.State == RunState.Pending)
            {
                Fail($"the run on {run.Data.VmName} waits and is in no list");
            }
        }
    }

    private void CheckSettled()
    {
        foreach (SimulatedVm vm in _vmList)
        {
            if (vm.WokenFrom is { } found && vm.Power == VmPowerState.Running && !_storedAwake.ContainsKey(vm.Machine.Key))
            {
                Fail($"{vm.Machine.Name} was woken from {found}, still runs, and nothing says so");
            }

            if (vm.Mark is not null && vm.Power == VmPowerState.Running && !_storedAwake.ContainsKey(vm.Machine.Key))
            {
                Fail($"{vm.Machine.Name} has the broker's note, and the store knows nothing of it");
            }
        }

        foreach (UpdateRun run in _storedRuns.Values)
        {
            if (!run.State.IsEnded())
            {
                Fail($"the run on {run.VmName} was accepted and never ended: {run.State}");
            }
        }
    }
}
