using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>Finds the machines that a selection means. What is not found is part of the answer, so that it spares the others.</summary>
internal static class TargetResolver
{
    public static async Task<IReadOnlyList<VmTarget>> ResolveAsync(
        IHypervisor hypervisor, VmUpdateStore store, VmSelection selection, CancellationToken cancellation)
    {
        IReadOnlyList<VirtualMachine> all = await hypervisor.ListAsync(cancellation).ConfigureAwait(false);
        if (selection.Pool is { } pool)
        {
            PoolRecord found = store.FindPool(hypervisor.HostId, pool)
                ?? throw new StoreException(StoreFailure.NotFound, pool, $"the host {hypervisor.HostName} has no pool of that name.");
            return store.GetMachines(hypervisor.HostId)
                .Where(machine => string.Equals(machine.Pool, found.Name, StringComparison.OrdinalIgnoreCase))
                .Select(machine => ById(hypervisor, all, machine.Key.VmId, machine.Name))
                .OrderBy(target => target.Name, StringComparer.OrdinalIgnoreCase)
                .ToList();
        }

        if (selection.IsAll)
        {
            return all.OrderBy(machine => machine.Name, StringComparer.OrdinalIgnoreCase)
                .Select(machine => new VmTarget(machine.Key, machine.Name, machine, null))
                .ToList();
        }

        // A machine that is named twice is worked on once.
        var seen = new HashSet<Guid>();
        return selection.Names.Select(name => ByName(hypervisor, all, name))
            .Concat(selection.Ids.Select(id => ById(hypervisor, all, id, id.ToString())))
            .Where(target => target.Machine is null || seen.Add(target.Key.VmId))
            .ToList();
    }

    private static VmTarget ByName(IHypervisor hypervisor, IReadOnlyList<VirtualMachine> all, string name)
    {
        List<VirtualMachine> found = all.Where(machine => string.Equals(machine.Name, name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (found.Count == 1)
        {
            return new VmTarget(found[0].Key, found[0].Name, found[0], null);
        }

        HypervisorException failure = found.Count == 0
            ? new HypervisorException(HypervisorFailure.VmNotFound, name, $"the host {hypervisor.HostName} has no virtual machine of that name.")
            : new HypervisorException(
                HypervisorFailure.AmbiguousName,
                name,
                $"{found.Count} virtual machines of the host {hypervisor.HostName} have that name. Name one by its id: {string.Join(", ", found.Select(m => m.Key.VmId))}.");
        return new VmTarget(new VmKey(hypervisor.HostId, Guid.Empty), name, null, failure);
    }

    private static VmTarget ById(IHypervisor hypervisor, IReadOnlyList<VirtualMachine> all, Guid id, string name)
    {
        VirtualMachine? found = all.SingleOrDefault(machine => machine.Key.VmId == id);
        return found is not null
            ? new VmTarget(found.Key, found.Name, found, null)
            : new VmTarget(
                new VmKey(hypervisor.HostId, id),
                name,
                null,
                new HypervisorException(
                    HypervisorFailure.VmNotFound, name, $"the host {hypervisor.HostName} has no virtual machine with the id {id}."));
    }
}
