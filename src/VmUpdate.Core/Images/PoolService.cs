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
    public PoolRecord Create(string name, string masterPath, TimeSpan? keepOldDisksFor) => throw new NotSupportedException();

    /// <summary>The pools of the host.</summary>
    /// <returns>The pools, by name.</returns>
    public IReadOnlyList<PoolRecord> GetAll() => throw new NotSupportedException();

    /// <summary>A pool of the host.</summary>
    /// <param name="name">Its name, without case.</param>
    /// <returns>The pool.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public PoolRecord Get(string name) => throw new NotSupportedException();

    /// <summary>Changes a pool; what is <see langword="null"/> stays.</summary>
    /// <param name="name">Its name, without case.</param>
    /// <param name="masterPath">The master's full path.</param>
    /// <param name="keepOldDisksFor">How long old disks are kept after the next swaps.</param>
    /// <returns>The pool as it is now.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>.</exception>
    public PoolRecord Set(string name, string? masterPath, TimeSpan? keepOldDisksFor) => throw new NotSupportedException();

    /// <summary>Forgets a pool. Its machines must have been taken out first.</summary>
    /// <param name="name">Its name, without case.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>; <see cref="StoreFailure.InUse"/>: machines are in it.</exception>
    public void Remove(string name) => throw new NotSupportedException();

    /// <summary>Machines of the host, with what they were declared to be.</summary>
    /// <param name="selection">Which.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machines, by name.</returns>
    /// <exception cref="HypervisorException">A name or id is that of no machine, or of several.</exception>
    public Task<IReadOnlyList<MachineInfo>> GetMachinesAsync(VmSelection selection, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Declares what a machine is, here and in the machine's own description.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="role">What it is.</param>
    /// <param name="pool">Its pool, when it is pooled.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machine as declared.</returns>
    /// <exception cref="StoreException">The pool does not exist; or a swap of the machine is open.</exception>
    public Task<MachineInfo> DeclareAsync(VmKey vm, MachineRole role, string? pool, CancellationToken cancellation) =>
        throw new NotSupportedException();
}
