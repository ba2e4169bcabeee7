using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>What prompts do with the tasks, the runs and the limits of a host: checked, written down, and the broker is told.</summary>
public sealed class TaskService
{
    private readonly BrokerServices _services;

    /// <summary>Makes the service.</summary>
    /// <param name="services">What to work with; the guests are not spoken to.</param>
    public TaskService(BrokerServices services) => _services = services;

    private VmUpdateStore Store => _services.Store;

    private string HostId => _services.Hypervisor.HostId;

    private DateTime Now => _services.Clock.UtcNow;

    /// <summary>The host's machines and its memory, to check tasks against.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machines, and the most memory that one could ever be given, in bytes.</returns>
    public async Task<TaskSurroundings> LookAsync(CancellationToken cancellation)
    {
        HostLoad load = await _services.Metrics.GetLoadAsync(cancellation).ConfigureAwait(false);
        Dictionary<VmKey, MachineRecord> declared = Store.GetMachines(HostId).ToDictionary(m => m.Key);
        var machines = new List<TargetMachine>();
        foreach (VirtualMachine machine in await _services.Hypervisor.ListAsync(cancellation).ConfigureAwait(false))
        {
            MachineRecord? record = declared.TryGetValue(machine.Key, out MachineRecord? found) ? found : null;
            VmFootprint footprint = await _services.Metrics.GetFootprintAsync(machine.Key, cancellation).ConfigureAwait(false);
            machines.Add(HostWatch.Describe(machine, record, footprint));
        }

        machines.Sort((a, b) => string.Compare(a.Name, b.Name, StringComparison.OrdinalIgnoreCase));
        return new TaskSurroundings(machines, load.TotalMemoryBytes - Store.GetLimits(HostId).ReserveOf(load.TotalMemoryBytes));
    }

    /// <summary>Checks a task, and throws for the first error.</summary>
    /// <param name="task">The task.</param>
    /// <param name="surroundings">The host's machines and memory.</param>
    /// <returns>The machines it is for, and the warnings.</returns>
    /// <exception cref="TaskException">The first error.</exception>
    public (IReadOnlyList<TargetMachine> Machines, IReadOnlyList<TaskFinding> Warnings) Require(UpdateTask task, TaskSurroundings surroundings) =>
        TaskValidator.Require(task, surroundings.Machines, surroundings.MemoryForMachinesBytes, Now);

    /// <summary>Makes what registers tasks.</summary>
    /// <returns>The registrar. It wakes nobody: call <see cref="WakeBroker"/> after an urgent task and at the end, as a signal that nobody hears takes time.</returns>
    public TaskRegistrar OpenRegistrar() => new(Store, HostId, () => { });

    /// <summary>Wakes the host's broker, if one runs.</summary>
    /// <returns>Whether one heard it.</returns>
    public bool WakeBroker() => WakeSignal.Send(Store.Path, HostId);

    /// <summary>A task by its name.</summary>
    /// <param name="name">The name, compared without case.</param>
    /// <returns>The task.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.NotFound"/>.</exception>
    public TaskRecord Get(string name) =>
        Store.FindTask(HostId, name) ?? throw new TaskException(TaskDefect.NotFound, name, $"the host {_services.Hypervisor.HostName} has no task of that name.");

    /// <summary>Changes a task. Runs that wait go by the change; those under way are not touched.</summary>
    /// <param name="present">The task as it is.</param>
    /// <param name="changed">The task as it shall be, with the same id, name, payload and targets, already checked.</param>
    public void Change(UpdateTask present, UpdateTask changed)
    {
        DateTime now = Now;
        bool isReplanned = present.Schedule.StartTime != changed.Schedule.StartTime
            || present.Schedule.Recurrence != changed.Schedule.Recurrence
            || present.Schedule.TimeZoneId != changed.Schedule.TimeZoneId;
        List<UpdateRun> replanned = isReplanned && new TaskCalendar(changed.Schedule).FirstStart(now) is { } due
            ? Store.GetOpenRuns(HostId)
                .Where(r => r.TaskId == changed.Id && r.State.IsWaiting() && r.Attempt == 1)
                .Select(r => RunPlanner.Postpone(changed, r, due, StartJitter.SeedOf(HostId), Store.GetLimits(HostId).StartJitter))
                .ToList()
            : [];
        Store.Write(t => t.ChangeTask(HostId, changed, replanned, now));
        WakeBroker();
    }

    /// <summary>Removes tasks. Their runs that wait are called off; those under way are told to stop.</summary>
    /// <param name="tasks">The tasks.</param>
    public void Remove(IEnumerable<Guid> tasks)
    {
        DateTime now = Now;
        Write(tasks, (t, task) => t.RemoveTask(HostId, task, now));
    }

    /// <summary>Suspends or resumes tasks.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="isHeld">Whether they shall be suspended.</param>
    public void Hold(IEnumerable<Guid> tasks, bool isHeld)
    {
        DateTime now = Now;
        Write(tasks, (t, task) => t.HoldTask(HostId, task, isHeld, now));
    }

    /// <summary>Suspends or resumes machines.</summary>
    /// <param name="vms">The machines.</param>
    /// <param name="isHeld">Whether they shall be suspended.</param>
    public void Hold(IEnumerable<VmKey> vms, bool isHeld)
    {
        DateTime now = Now;
        Write(vms, (t, vm) => t.HoldMachine(vm, isHeld, now));
    }

    /// <summary>Suspends or resumes all work on the host.</summary>
    /// <param name="isHeld">Whether it shall be suspended.</param>
    public void HoldAll(bool isHeld)
    {
        DateTime now = Now;
        Write([isHeld], (t, held) => t.HoldHost(HostId, held, now));
    }

    /// <summary>Calls a run off.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>: the host has no such run that has not ended.</exception>
    public void Cancel(Guid run)
    {
        DateTime now = Now;
        Write([run], (t, id) => t.CancelRun(HostId, id, now));
    }

    /// <summary>Sets how much of the host updates may take.</summary>
    /// <param name="limits">The limits.</param>
    /// <exception cref="TaskException"><see cref="TaskDefect.BadLimit"/>.</exception>
    public void SetLimits(HostLimits limits)
    {
        if (limits.WhyNotUsable() is { } why)
        {
            throw new TaskException(TaskDefect.BadLimit, _services.Hypervisor.HostName, why);
        }

        DateTime now = Now;
        Write([limits], (t, given) => t.SaveLimits(HostId, given, now));
    }

    private void Write<T>(IEnumerable<T> items, Action<StoreTransaction, T> write)
    {
        Store.Write(transaction =>
        {
            foreach (T item in items)
            {
                write(transaction, item);
            }
        });
        WakeBroker();
    }
}
