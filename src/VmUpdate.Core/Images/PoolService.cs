using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>Pools, and which machine of a host is what.</summary>
public sealed class PoolService
{
    private readonly IHypervisor _hypervisor;
    private readonly VmUpdateStore _store;

    /// <summary>Makes the service.</summary>
    /// <param name="hypervisor">The host.</param>
    /// <param name="store">Where declarations are kept.</param>
    public PoolService(IHypervisor hypervisor, VmUpdateStore store)
    {
        _hypervisor = hypervisor;
        _store = store;
    }

    /// <summary>Declares a pool.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="masterPath">The master's full path; empty when it is to be named later.</param>
    /// <param name="keepOldDisksFor">How long old disks are kept; <see cref="PoolRecord.DefaultKeepOldDisksFor"/> when <see langword="null"/>.</param>
    /// <returns>The pool.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.AlreadyExists"/>.</exception>
    public PoolRecord Create(string name, string masterPath, TimeSpan? keepOldDisksFor)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new ArgumentException("A pool needs a name.", nameof(name));
        }

        if (_store.FindPool(_hypervisor.HostId, name) is not null)
        {
            throw new StoreException(StoreFailure.AlreadyExists, name, "the host has a pool of that name.");
        }

        var pool = new PoolRecord(name, _hypervisor.HostId, masterPath, keepOldDisksFor ?? PoolRecord.DefaultKeepOldDisksFor);
        _store.Write(transaction => transaction.SavePool(pool));
        return pool;
    }

    /// <summary>The pools of the host.</summary>
    /// <returns>The pools, by name.</returns>
    public IReadOnlyList<PoolRecord> GetAll() => _store.GetPools(_hypervisor.HostId);

    /// <summary>A pool of the host.</summary>
    /// <param name="name">Its name, without case.</param>
    /// <returns>The pool.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public PoolRecord Get(string name) => _store.FindPool(_hypervisor.HostId, name)
        ?? throw new StoreException(StoreFailure.NotFound, name, $"the host {_hypervisor.HostName} has no pool of that name.");

    /// <summary>Changes a pool; what is <see langword="null"/> stays.</summary>
    /// <param name="name">Its name, without case.</param>
    /// <param name="masterPath">The master's full path.</param>
    /// <param name="keepOldDisksFor">How long old disks are kept after the next swaps.</param>
    /// <returns>The pool as it is now.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public PoolRecord Set(string name, string? masterPath, TimeSpan? keepOldDisksFor)
    {
        PoolRecord present = Get(name);
        PoolRecord changed = present with
        {
            MasterPath = masterPath ?? present.MasterPath,
            KeepOldDisksFor = keepOldDisksFor ?? present.KeepOldDisksFor,
        };
        _store.Write(transaction => transaction.SavePool(changed));
        return changed;
    }

    /// <summary>Forgets a pool. Its machines must have been taken out first.</summary>
    /// <param name="name">Its name, without case.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>; <see cref="StoreFailure.InUse"/>: machines are in it.</exception>
    public void Remove(string name)
    {
        PoolRecord pool = Get(name);
        _store.Write(transaction => transaction.RemovePool(pool.HostId, pool.Name));
    }

    /// <summary>Machines of the host, with what they were declared to be.</summary>
    /// <param name="selection">Which.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machines, by name.</returns>
    /// <exception cref="HypervisorException">A name or id is that of no machine, or of several.</exception>
    public async Task<IReadOnlyList<MachineInfo>> GetMachinesAsync(VmSelection selection, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> targets = await TargetResolver.ResolveAsync(_hypervisor, _store, selection, cancellation).ConfigureAwait(false);
        var declared = _store.GetMachines(_hypervisor.HostId).ToDictionary(machine => machine.Key);
        var machines = new List<MachineInfo>();
        foreach (VmTarget target in targets)
        {
            VirtualMachine machine = target.Machine ?? throw target.Failure!;
            declared.TryGetValue(machine.Key, out MachineRecord? record);
            machines.Add(new MachineInfo(machine, record?.Role ?? MachineRole.Ignored, record?.Pool ?? string.Empty));
        }

        return machines.OrderBy(machine => machine.Machine.Name, StringComparer.OrdinalIgnoreCase).ToList();
    }

    /// <summary>Finds out from the disks of undeclared machines which of them are made from one master. Nothing is changed.</summary>
    /// <param name="services">Where the disks are.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The pools that could be declared, and the machines whose disks could not be looked at.</returns>
    public async Task<PoolDiscoveryResult> DiscoverAsync(IDiskServices services, CancellationToken cancellation) => await PoolDiscovery.RunAsync(
        this, await GetMachinesAsync(VmSelection.All, cancellation).ConfigureAwait(false), services, cancellation).ConfigureAwait(false);

    /// <summary>The disk that a machine boots from, to be looked at.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The disk, as one machine's.</returns>
    /// <exception cref="SwapException">It has no disk, or it cannot be told which it boots from.</exception>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.DiskNotReachable"/>: the disk is on another host.</exception>
    public async Task<AuditTarget> GetBootDiskAsync(VirtualMachine machine, CancellationToken cancellation)
    {
        if (!_hypervisor.DisksAreHere)
        {
            throw new HypervisorException(
                HypervisorFailure.DiskNotReachable,
                machine.Name,
                $"its disk is on {_hypervisor.HostName}, and a path there is never opened here. Run the command there: "
                + $"Invoke-Command -ComputerName {_hypervisor.HostName} {{ Test-VmIdentity -VMName '{machine.Name}' }}.");
        }

        VmDisk disk = BootDisk.Find(machine.Name, await _hypervisor.GetDisksAsync(machine.Key, cancellation).ConfigureAwait(false));
        return new AuditTarget(disk.Path, machine.Name, DiskRole.Machine);
    }

    /// <summary>Declares what a machine is, here and in the machine's own description.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="role">What it is.</param>
    /// <param name="pool">Its pool, when it is pooled.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machine as declared.</returns>
    /// <exception cref="StoreException">The pool does not exist; or a swap of the machine is open.</exception>
    public async Task<MachineInfo> DeclareAsync(VmKey vm, MachineRole role, string? pool, CancellationToken cancellation)
    {
        VirtualMachine machine = await _hypervisor.GetAsync(vm, cancellation).ConfigureAwait(false);
        if (role == MachineRole.Pooled && string.IsNullOrEmpty(pool))
        {
            throw new ArgumentException("A pooled machine needs a pool.", nameof(pool));
        }

        string? poolName = role == MachineRole.Pooled ? Get(pool!).Name : null;
        if (_store.FindOpenSwap(vm) is { } swap)
        {
            throw new StoreException(
                StoreFailure.InUse,
                machine.Name,
                $"a swap of its disk has stood at {swap.State} since {swap.Began:u}. Finish it first: run Update-PooledVmImage for it again.");
        }

        _store.Write(transaction => transaction.SaveMachine(new MachineRecord(vm, machine.Name, role, poolName)));
        string? roleMark = role == MachineRole.Ignored ? null : role.ToString();
        await _hypervisor.SetMarkAsync(vm, VmMarks.Role, roleMark, cancellation).ConfigureAwait(false);
        await _hypervisor.SetMarkAsync(vm, VmMarks.Pool, poolName, cancellation).ConfigureAwait(false);
        return new MachineInfo(machine, role, poolName ?? string.Empty);
    }
}
