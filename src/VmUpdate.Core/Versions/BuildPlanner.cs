using VmUpdate.Core.Broker;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Versions;

/// <summary>Checks everything that can be known to stand in a build's way, before anything is made.</summary>
internal sealed class BuildPlanner
{
    private const long SlackBytes = 64L << 20; // what the guest writes at least, tables of new files

    private readonly VersionServices _services;
    private readonly UpdaterServices _images;

    public BuildPlanner(VersionServices services)
    {
        _services = services;
        _images = services.Images;
    }

    private IHypervisor Hypervisor => _images.Hypervisor;

    /// <summary>The version whose file this is.</summary>
    public static ImageVersion? VersionAt(IEnumerable<ImageVersion> versions, string path) =>
        versions.LastOrDefault(version => HostPath.AreSame(version.Path, path));

    /// <summary>The number after the last one.</summary>
    public static int NextNumber(IReadOnlyList<ImageVersion> versions) => versions.Count == 0 ? 1 : versions[versions.Count - 1].Number + 1;

    /// <summary>Refuses a host on which nothing can be built.</summary>
    public static void RequireMachines(VersionServices services, string pool)
    {
        if (services.Machines is null)
        {
            throw new VersionException(
                VersionFailure.BuildNotSupported, pool, $"machines for a piece of work cannot be made on {services.Images.Hypervisor.HostName}.");
        }

        if (!services.Images.Hypervisor.DisksAreHere)
        {
            string host = services.Images.Hypervisor.HostName;
            throw new HypervisorException(
                HypervisorFailure.DiskNotReachable,
                pool,
                $"its master is on {host}, and a path there is never opened here. Run the command there: "
                + $"Invoke-Command -ComputerName {host} {{ New-PooledVmImageVersion -Pool '{pool}' ... }}.");
        }
    }

    public async Task<BuildRecord> PlanAsync(PoolRecord pool, BuildOptions options, CancellationToken cancellation)
    {
        RequireMachines(_services, pool.Name);
        if (pool.MasterPath.Length == 0)
        {
            throw new SwapException(SwapFailure.NoMaster, pool.Name, "the pool has no master to make the next version from.", "Name it: Set-VmUpdatePool -MasterPath.");
        }

        string master = Path.GetFullPath(pool.MasterPath);
        VirtualMachine model = await FindModelAsync(pool, cancellation).ConfigureAwait(false);
        VmDisk disk = BootDisk.Find(model.Name, await Hypervisor.GetDisksAsync(model.Key, cancellation).ConfigureAwait(false));
        await RequireFreeAsync(master, cancellation).ConfigureAwait(false);
        IReadOnlyList<ImageVersion> versions = _images.Store.GetVersions(pool.HostId, pool.Name);
        int from = VersionAt(versions, master)?.Number ?? NextNumber(versions);
        int number = Math.Max(NextNumber(versions), from + 1);
        Guid id = _images.Ids.NewGuid();
        UpdateTask task = await CheckTaskAsync(pool, number, id, options, model, cancellation).ConfigureAwait(false);
        return new BuildRecord
        {
            Id = id,
            HostId = pool.HostId,
            Pool = pool.Name,
            Number = number,
            FromNumber = from,
            MasterPath = master,
            MasterDataWriteGuid = CheckMaster(master),
            DiskPath = VersionNames.Disk(master, number, id),
            NewPath = VersionNames.Master(master, number, id),
            VmName = VersionNames.Machine(pool.Name, number),
            Model = model.Key,
            Location = disk.Location,
            HasNetwork = options.HasNetwork,
            Task = task,
            KeepFailedDisk = options.KeepFailedDisk,
            Began = _images.Clock.UtcNow,
        };
    }

    private async Task<VirtualMachine> FindModelAsync(PoolRecord pool, CancellationToken cancellation)
    {
        var members = new HashSet<VmKey>(_images.Store.GetMachines(pool.HostId)
            .Where(machine => string.Equals(machine.Pool, pool.Name, StringComparison.OrdinalIgnoreCase)).Select(machine => machine.Key));
        return (await Hypervisor.ListAsync(cancellation).ConfigureAwait(false))
            .Where(machine => members.Contains(machine.Key))
            .OrderBy(machine => machine.Name, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault()
            ?? throw new VersionException(
                VersionFailure.PoolHasNoMachine,
                pool.Name,
                $"no machine of {Hypervisor.HostName} is in the pool, and the build machine is made like one of them. Put one in it: Set-VmUpdateMachine -Role Pooled.");
    }

    private async Task RequireFreeAsync(string master, CancellationToken cancellation)
    {
        IReadOnlyList<AttachedDisk> attached = await Hypervisor.ListDisksAsync(cancellation).ConfigureAwait(false);
        if (attached.FirstOrDefault(disk => HostPath.AreSame(disk.Path, master)) is { } user)
        {
            throw new SwapException(
                SwapFailure.MasterInUse, master, $"it is a disk of the machine '{user.VmName}', which would change it under the build.", "Detach it there, or name a copy of it.");
        }
    }

    /// <summary>The task as it will be registered, checked as if it were registered now for a machine like the model.</summary>
    private async Task<UpdateTask> CheckTaskAsync(
        PoolRecord pool, int number, Guid id, BuildOptions options, VirtualMachine model, CancellationToken cancellation)
    {
        UpdateTask task = options.Task with
        {
            Id = _images.Ids.NewGuid(),
            Name = VersionNames.Task(pool.Name, number, id),
            Payload = options.Payload.Info,
            Targets = new TaskTargets { Ids = [model.Key.VmId] },
            Schedule = new TaskSchedule(),
            Retry = RetryRule.None,
            RestartPolicy = RestartPolicy.Always, // nobody works in it
            AllowUnknownSessions = true,
            Registered = _images.Clock.UtcNow,
        };
        TaskSurroundings surroundings = await new TaskService(_services.Broker).LookAsync(cancellation).ConfigureAwait(false);
        TargetMachine like = surroundings.Machines.Single(machine => machine.Key == model.Key) with { Kind = TargetKinds.Personal };
        TaskValidator.Require(task, [like], surroundings.MemoryForMachinesBytes, _images.Clock.UtcNow);
        return task;
    }

    private Guid CheckMaster(string master)
    {
        ImageCheckResult check = ImageCheck.Run(master, _images, CancellationToken.None);
        if (check.Findings.FirstOrDefault(finding => finding.Severity == Severity.Error) is { } defect)
        {
            throw new VersionException(VersionFailure.ImageNotSound, master, $"no version can be made from it: {defect.Message}");
        }

        if (check.IsGeneralized)
        {
            throw new VersionException(
                VersionFailure.MasterGeneralized,
                master,
                "it is generalized, and would be set up as a machine at its first start. Update it where it was made, and generalize it again.");
        }

        long image = check.Chain.Sum(FileBytes);
        long needed = (Hypervisor.HasDifferencingDisks ? image : 2 * image) + SlackBytes;
        long free = HostPath.FolderOf(_images.Files, master).FreeBytes;
        return free >= needed ? check.DataWriteGuid : throw new SwapException(
            SwapFailure.NotEnoughSpace,
            master,
            $"the new master goes beside it, which may take {ByteCount.Text(needed)}, and {ByteCount.Text(free)} are free.",
            "Make room on the volume.");
    }

    private long FileBytes(string path)
    {
        using IBlockFile file = HostPath.FolderOf(_images.Files, path).Open(Path.GetFileName(path), HostFileMode.Read);
        return file.Length;
    }
}
