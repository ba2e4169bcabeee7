using System.Globalization;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Lab;

/// <summary>Makes labs, and machines in them.</summary>
public static class LabFactory
{
    private static readonly VmPowerState[] PooledStates = [VmPowerState.Off, VmPowerState.Running, VmPowerState.Saved, VmPowerState.Off];
    private static readonly VmPowerState[] PersonalStates = [VmPowerState.Saved, VmPowerState.Off, VmPowerState.Running, VmPowerState.Paused];

    /// <summary>Makes a lab: two masters, a pool of machines on the first, personal machines; all declared in the lab's own store.</summary>
    /// <param name="folder">The folder's full path; made when it is absent.</param>
    /// <param name="plan">What is to be in it.</param>
    /// <param name="options">How it is worked with.</param>
    /// <param name="cancellation">Ends the work; what was made stays.</param>
    /// <returns>What was made.</returns>
    /// <exception cref="HypervisorException">The folder holds a lab already.</exception>
    public static async Task<LabContents> CreateAsync(string folder, LabPlan plan, LabOptions options, CancellationToken cancellation)
    {
        LabHypervisor lab = LabHypervisor.Create(folder, plan.HostName, plan.Timings, options);
        using VmUpdateStore store = OpenStore(lab, options);
        var pools = new PoolService(lab, store);
        var builder = new LabImageBuilder(options.DiskFiles ?? options.Files, options.Clock, options.Ids);

        string present = Path.Combine(lab.MasterFolder, "master-v1.vhdx");
        string next = Path.Combine(lab.MasterFolder, "master-v2.vhdx");
        var first = new LabIdentity(plan.Seed, "MASTER-V1");
        builder.CreateMaster(present, first, "1.0", plan.DiskLength);
        builder.CreateMaster(next, new LabIdentity(plan.Seed, "MASTER-V2"), "2.0", plan.DiskLength);
        pools.Create(plan.PoolName, present, null);

        using var parents = new ParentCache();
        List<VmKey> pooled = await MakeAsync("PC", plan.PooledCount, MachineRole.Pooled, plan.PoolName).ConfigureAwait(false);
        List<VmKey> personal = await MakeAsync("DESK", plan.PersonalCount, MachineRole.Personal, null).ConfigureAwait(false);
        if (plan.WithRefusedMachine && pooled.Count > 0)
        {
            await lab.SetCheckpointsAsync(pooled[pooled.Count - 1], true, cancellation).ConfigureAwait(false);
        }

        return new LabContents(lab, plan.PoolName, present, next, pooled, personal);

        async Task<List<VmKey>> MakeAsync(string prefix, int count, MachineRole role, string? pool)
        {
            var machines = new List<VmKey>();
            VmPowerState[] states = role == MachineRole.Personal ? PersonalStates : PooledStates;
            for (int number = 1; number <= count; number++)
            {
                cancellation.ThrowIfCancellationRequested();
                string name = string.Format(CultureInfo.InvariantCulture, "{0}-{1:00}", prefix, number);
                string file = $"{name}.r1.vhdx";
                LabIdentity? copiedFrom = role == MachineRole.Pooled && number <= 2 ? new LabIdentity(plan.Seed, "PC-01") : null;
                builder.CreateMachineDisk(Path.Combine(lab.DiskFolder, file), present, first, new LabIdentity(plan.Seed, name), parents, copiedFrom);
                VmKey vm = lab.AddMachine(name, [BootDiskOf(Path.Combine("disks", file))]);
                await pools.DeclareAsync(vm, role, pool, cancellation).ConfigureAwait(false);
                await lab.SetStateAsync(vm, states[(number - 1) % states.Length], cancellation).ConfigureAwait(false);
                machines.Add(vm);
            }

            return machines;
        }
    }

    /// <summary>Makes a machine on a child of a disk of yours. Your file stays as it is.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="name">The machine's name.</param>
    /// <param name="diskPath">Your disk's full path.</param>
    /// <param name="pool">The pool it is to be in; <see langword="null"/> for none. A pool that is not there is made, without a master.</param>
    /// <param name="options">How the lab is worked with.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The machine, off.</returns>
    /// <exception cref="DiskFormats.DiskFormatException">The file is no VHDX, or its chain is broken.</exception>
    public static async Task<VmKey> AdoptAsync(
        LabHypervisor lab, string name, string diskPath, string? pool, LabOptions options, CancellationToken cancellation)
    {
        Guid id = options.Ids.NewGuid();
        string file = $"{id:N}.r1.vhdx";
        using (VhdxDisk child = VhdxDisk.CreateDifferencing(
            Path.Combine(lab.DiskFolder, file),
            diskPath,
            new VhdxCreateOptions { Files = options.DiskFiles ?? options.Files, NewGuid = options.Ids.NewGuid }))
        {
            child.Complete();
        }

        VmKey vm = lab.AddMachine(name, [BootDiskOf(Path.Combine("disks", file))], id);
        if (pool is not null)
        {
            using VmUpdateStore store = OpenStore(lab, options);
            var pools = new PoolService(lab, store);
            if (store.FindPool(lab.HostId, pool) is null)
            {
                pools.Create(pool, string.Empty, null);
            }

            await pools.DeclareAsync(vm, MachineRole.Pooled, pool, cancellation).ConfigureAwait(false);
        }

        return vm;
    }

    private static LabDisk BootDiskOf(string path) => new(DiskController.Scsi, 0, 0, path, 0);

    private static VmUpdateStore OpenStore(LabHypervisor lab, LabOptions options) =>
        VmUpdateStore.Open(lab.StoreFolder, new StoreOptions { Files = options.Files, Clock = options.Clock });
}
