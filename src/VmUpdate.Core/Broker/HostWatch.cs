using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Looks at the host's load and machines for the loop, and tells what changed.</summary>
internal sealed class HostWatch
{
    private readonly BrokerServices _services;
    private readonly Dictionary<VmKey, Observation.VmSeen> _seen = [];
    private readonly HashSet<VmKey> _expected = [];

    /// <summary>Makes it.</summary>
    /// <param name="services">What to work with.</param>
    public HostWatch(BrokerServices services) => _services = services;

    /// <summary>Says that the store knows of a machine, so that its absence is told.</summary>
    /// <param name="vm">The machine.</param>
    public void Expect(VmKey vm) => _expected.Add(vm);

    /// <summary>Makes the next look tell a machine's state, though it be what it was.</summary>
    /// <param name="vm">The machine.</param>
    public void Forget(VmKey vm) => _seen.Remove(vm);

    /// <summary>A machine as tasks are matched against it.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="record">What it was declared to be; <see langword="null"/> when it was not.</param>
    /// <param name="footprint">What it takes of the host.</param>
    /// <returns>The machine.</returns>
    public static TargetMachine Describe(VirtualMachine machine, MachineRecord? record, VmFootprint footprint) =>
        new(machine.Key, machine.Name, KindOf(record), record?.Pool, footprint.MemoryBytes);

    /// <summary>Measures the host.</summary>
    /// <param name="observations">Takes the load.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is measured.</returns>
    public async Task MeasureAsync(List<Observation> observations, CancellationToken cancellation)
    {
        try
        {
            observations.Add(new Observation.HostMeasured(await AskAsync(_services.Metrics.GetLoadAsync, cancellation).ConfigureAwait(false)));
        }
        catch (VmUpdateException)
        {
            // Without a measurement nothing starts, and the gate says so.
        }
    }

    /// <summary>Looks at all machines.</summary>
    /// <param name="busy">Machines with an action under way: what is seen of them may be older than the action's end.</param>
    /// <param name="observations">Takes what changed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when all were looked at.</returns>
    public async Task LookAsync(ICollection<VmKey> busy, List<Observation> observations, CancellationToken cancellation)
    {
        IReadOnlyList<VirtualMachine> machines;
        try
        {
            machines = await AskAsync(_services.Hypervisor.ListAsync, cancellation).ConfigureAwait(false);
        }
        catch (VmUpdateException failure) when (failure.IsTransient)
        {
            return;
        }

        Dictionary<VmKey, MachineRecord> declared = _services.Store.GetMachines(_services.Hypervisor.HostId).ToDictionary(m => m.Key);
        foreach (VirtualMachine machine in machines)
        {
            if (!busy.Contains(machine.Key) && await SeeAsync(machine, declared, cancellation).ConfigureAwait(false) is { } seen)
            {
                observations.Add(seen);
            }
        }

        var present = new HashSet<VmKey>(machines.Select(m => m.Key));
        foreach (VmKey gone in _expected.Where(vm => !present.Contains(vm)).ToList())
        {
            _expected.Remove(gone);
            _seen.Remove(gone);
            observations.Add(new Observation.VmGone(gone));
        }
    }

    private async Task<Observation.VmSeen?> SeeAsync(VirtualMachine machine, Dictionary<VmKey, MachineRecord> declared, CancellationToken cancellation)
    {
        MachineRecord? record = declared.TryGetValue(machine.Key, out MachineRecord? found) ? found : null;
        TargetKinds kind = KindOf(record);
        bool isKnown = _seen.TryGetValue(machine.Key, out Observation.VmSeen? before);
        if (isKnown && before!.Power == machine.State && before.Machine.Name == machine.Name && before.Machine.Kind == kind && before.Machine.Pool == record?.Pool)
        {
            return null;
        }

        try
        {
            VmFootprint footprint = await AskAsync(stop => _services.Metrics.GetFootprintAsync(machine.Key, stop), cancellation).ConfigureAwait(false);

            // The note in the machine matters once: for what an older broker left. Later the store knows better.
            VmPowerState? mark = isKnown ? null : await ReadMarkAsync(machine.Key, cancellation).ConfigureAwait(false);
            var seen = new Observation.VmSeen(
                Describe(machine, record, footprint), machine.State, footprint.Volume, mark);
            _seen[machine.Key] = seen;
            _expected.Add(machine.Key);
            return seen;
        }
        catch (VmUpdateException)
        {
            // It went away between the two questions, or does not answer now: looked at again next time.
            return null;
        }
    }

    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        Task<T> asked = await Patience.TryAsync(ask, _services.LookLimit, _services.Clock, cancellation).ConfigureAwait(false);
        return asked.IsCompleted || cancellation.IsCancellationRequested
            ? await asked.ConfigureAwait(false)
            : throw new HypervisorException(
                HypervisorFailure.HostNotReachable, _services.Hypervisor.HostName, $"it has not answered for {_services.LookLimit.TotalSeconds:0} seconds.");
    }

    /// <summary>What a machine was declared to be, as tasks name it.</summary>
    /// <param name="record">The declaration; <see langword="null"/> when there is none.</param>
    /// <returns>The kind.</returns>
    public static TargetKinds KindOf(MachineRecord? record) => record?.Role switch
    {
        MachineRole.Personal => TargetKinds.Personal,
        MachineRole.Pooled => TargetKinds.Pooled,
        _ => TargetKinds.None,
    };

    private async Task<VmPowerState?> ReadMarkAsync(VmKey vm, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, string> marks = await AskAsync(stop => _services.Hypervisor.GetMarksAsync(vm, stop), cancellation).ConfigureAwait(false);
        return marks.TryGetValue(VmMarks.Woken, out string? text) && Enum.TryParse(text, out VmPowerState found)
            && found is VmPowerState.Off or VmPowerState.Saved or VmPowerState.Paused
            ? found
            : null;
    }
}
