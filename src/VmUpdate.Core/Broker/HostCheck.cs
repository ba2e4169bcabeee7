using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Broker;

/// <summary>Whether updates are possible on a host at all. Nothing is changed.</summary>
public static class HostCheck
{
    /// <summary>Looks at a host.</summary>
    /// <param name="services">What to work with.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>One finding for each <see cref="HostCheckKind"/>, in their order.</returns>
    public static async Task<IReadOnlyList<HostFinding>> RunAsync(BrokerServices services, CancellationToken cancellation)
    {
        string hostId = services.Hypervisor.HostId;
        BrokerStatus? said = services.Store.FindBrokerStatus(hostId);
        return
        [
            LookAtStore(services),
            await LookAtMachinesAsync(services, cancellation).ConfigureAwait(false),
            await LookAtLoadAsync(services, cancellation).ConfigureAwait(false),
            said is { IsSuspended: true }
                ? new(HostCheckKind.Suspension, HostVerdict.Blocked, "all work on the host is suspended", "Resume-VmUpdateTask -All")
                : new(HostCheckKind.Suspension, HostVerdict.Ready, "work is not suspended", string.Empty),
            LookForBroker(services),
            LookForLeft(services.Store.GetAwakeMachines(hostId)),
            LookAtPolicy(GuestPolicyFile.Read(services.Store)),
        ];
    }

    private static HostFinding LookAtStore(BrokerServices services)
    {
        try
        {
            // A transaction that does nothing takes the right to write all the same.
            services.Store.Write(_ => { });
            return new(HostCheckKind.Store, HostVerdict.Ready, $"{services.Store.Path} can be written", string.Empty);
        }
        catch (StoreException failure)
        {
            return new(HostCheckKind.Store, HostVerdict.Blocked, failure.Message, "Look at the store's folder, its owner and its rights.");
        }
    }

    private static async Task<HostFinding> LookAtMachinesAsync(BrokerServices services, CancellationToken cancellation)
    {
        try
        {
            IReadOnlyList<VirtualMachine> machines = await services.Hypervisor.ListAsync(cancellation).ConfigureAwait(false);
            ILookup<MachineRole, VmKey> declared = services.Store.GetMachines(services.Hypervisor.HostId).ToLookup(m => m.Role, m => m.Key);
            var present = new HashSet<VmKey>(machines.Select(m => m.Key));
            int personal = declared[MachineRole.Personal].Count(present.Contains);
            int pooled = declared[MachineRole.Pooled].Count(present.Contains);
            string detail = $"{machines.Count} machines: {personal} personal, {pooled} pooled, {machines.Count - personal - pooled} ignored";
            return personal > 0
                ? new(HostCheckKind.Machines, HostVerdict.Ready, detail, string.Empty)
                : new(HostCheckKind.Machines, HostVerdict.Warn, detail, "Declare the machines that tasks are for: Set-VmUpdateMachine -Role Personal");
        }
        catch (VmUpdateException failure)
        {
            return new(HostCheckKind.Machines, HostVerdict.Blocked, failure.Message, "See that the host answers and that you may manage its machines.");
        }
    }

    private static async Task<HostFinding> LookAtLoadAsync(BrokerServices services, CancellationToken cancellation)
    {
        try
        {
            HostLimits limits = services.Store.GetLimits(services.Hypervisor.HostId);
            var gate = new LoadGate { Limits = limits };
            gate.Measure(await services.Metrics.GetLoadAsync(cancellation).ConfigureAwait(false), TimeSpan.Zero);
            HostLoad load = gate.Load!;
            GateDecision may = gate.MayRun(TimeSpan.Zero);
            string numbers = string.Format(
                System.Globalization.CultureInfo.InvariantCulture,
                "{0:0} % of the processors in use, {1} of {2} free",
                load.CpuPercent,
                Tasks.ByteCount.Text(load.FreeMemoryBytes),
                Tasks.ByteCount.Text(load.TotalMemoryBytes));
            return load.TotalMemoryBytes <= limits.ReserveOf(load.TotalMemoryBytes)
                ? new(
                    HostCheckKind.Load,
                    HostVerdict.Blocked,
                    $"{numbers}; {Tasks.ByteCount.Text(limits.ReserveOf(load.TotalMemoryBytes))} are to stay free, which is all there is",
                    "Set-VmUpdateHost -MemoryReserve, -MemoryReservePercent")
                : may.IsOpen
                    ? new(HostCheckKind.Load, HostVerdict.Ready, numbers, string.Empty)
                    : new(HostCheckKind.Load, HostVerdict.Warn, $"nothing begins now: {may.Reason}: {may.Detail}", "Wait, or see Set-VmUpdateHost.");
        }
        catch (VmUpdateException failure)
        {
            return new(HostCheckKind.Load, HostVerdict.Blocked, failure.Message, "Without a measurement nothing begins. See that the host answers.");
        }
    }

    private static HostFinding LookForBroker(BrokerServices services)
    {
        string hostId = services.Hypervisor.HostId;
        if (!WakeSignal.IsPossible(services.Store.Path, hostId))
        {
            return new(
                HostCheckKind.Broker,
                HostVerdict.Warn,
                $"the path of the store's folder is too long for a socket beside {services.Store.Path}: urgent tasks are found within 5 seconds, not at once",
                "Use a store with a shorter path.");
        }

        return WakeSignal.Send(services.Store.Path, hostId)
            ? new(HostCheckKind.Broker, HostVerdict.Ready, "a task broker runs", string.Empty)
            : new(HostCheckKind.Broker, HostVerdict.Warn, "no task broker of this account runs", "Invoke-VmUpdateBroker, at a prompt or by a scheduled task");
    }

    private static HostFinding LookForLeft(IReadOnlyList<AwakeMachine> awake)
    {
        List<AwakeMachine> left = [.. awake.Where(m => m.IsLeft)];
        return left.Count == 0
            ? new(HostCheckKind.LeftAwake, HostVerdict.Ready, "no machine was left awake", string.Empty)
            : new(
                HostCheckKind.LeftAwake,
                HostVerdict.Warn,
                string.Join("; ", left.Select(m => $"{m.VmName} (was {m.Found}): {m.Reason}, {m.Detail}")),
                "Each counts as awake until it is put back. Save it or shut it down when it is done.");
    }

    private static HostFinding LookAtPolicy(GuestPolicyReading reading) => reading.Policy is null
        ? new(
            HostCheckKind.GuestPolicy,
            HostVerdict.Warn,
            $"{reading} Every request of a guest is refused.",
            "Mend the file, or put another in its place: Set-VmUpdateHost -GuestPolicyPath")
        : new(HostCheckKind.GuestPolicy, HostVerdict.Ready, reading.ToString(), string.Empty);
}
