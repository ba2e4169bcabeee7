using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;

namespace VmUpdate.Core.Versions;

/// <summary>
/// Makes the next version of a pool's master: a machine is made on a child of the master, the host's task broker performs an update task in
/// it, and what comes of it becomes a master of its own. Every step is journaled before it is done: what a process that died left open is
/// finished or undone by the same call, made again.
/// </summary>
public sealed class ImageVersionService
{
    private readonly VersionServices _services;

    /// <summary>Makes the service.</summary>
    /// <param name="services">What it reaches the world through.</param>
    public ImageVersionService(VersionServices services) => _services = services;

    private VmUpdateStore Store => _services.Images.Store;

    private IHypervisor Hypervisor => _services.Images.Hypervisor;

    /// <summary>Checks whether a version can be made, and says what would be made. Nothing is changed.</summary>
    /// <param name="pool">The pool's name.</param>
    /// <param name="options">What is to be done in the version.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The build as it would begin.</returns>
    /// <exception cref="VmUpdateException">It cannot be made, and why.</exception>
    public Task<BuildRecord> PlanAsync(string pool, BuildOptions options, CancellationToken cancellation) =>
        new BuildPlanner(_services).PlanAsync(FindPool(pool), options, cancellation);

    /// <summary>The build for a pool that an earlier call left open: the next call begins with it.</summary>
    /// <param name="pool">The pool's name.</param>
    /// <returns>The build, or <see langword="null"/>.</returns>
    public BuildRecord? FindOpenBuild(string pool) => Store.FindOpenBuild(Hypervisor.HostId, pool);

    /// <summary>
    /// Makes the next version, records it, and has the pool point to it. A build that an earlier call left open after its task was given is
    /// finished instead, with that task; one that was left open before is undone first.
    /// </summary>
    /// <param name="pool">The pool's name.</param>
    /// <param name="options">What is to be done in it.</param>
    /// <param name="progress">Told of each step, and of the task; may be <see langword="null"/>.</param>
    /// <param name="cancellation">Ends the work until the version is committed: what was made is taken away.</param>
    /// <returns>The version.</returns>
    /// <exception cref="VmUpdateException">What failed. The pool points to what it pointed to.</exception>
    public async Task<ImageVersion> BuildAsync(string pool, BuildOptions options, IProgress<BuildProgress>? progress, CancellationToken cancellation)
    {
        PoolRecord record = FindPool(pool);
        using StoreLease lease = Store.AcquireLease($"image of {PooledImageUpdater.LeaseOf(record.Name, Hypervisor.HostId)}", "the next version");
        void Report(BuildProgress news) => progress?.Report(news);
        if (FindOpenBuild(record.Name) is { } open)
        {
            RequireMachines(record.Name);
            var left = new VersionBuild(open, _services, Report);
            if (open.State is >= BuildState.TaskGiven and not BuildState.RolledBack)
            {
                // Disk work is synchronous: it runs on the pool's threads, never on the caller's.
                return await Task.Run(() => left.FinishAsync(cancellation), CancellationToken.None).ConfigureAwait(false);
            }

            await left.UndoAsync("left open by an earlier call").ConfigureAwait(false);
        }

        BuildRecord build = await PlanAsync(record.Name, options, cancellation).ConfigureAwait(false);
        return await Task.Run(() => new VersionBuild(build, _services, Report).RunAsync(options.Payload, cancellation), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The versions of a pool's master. One that the pool points to and that is not recorded yet is among them.</summary>
    /// <param name="pool">The pool's name.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The versions, by number.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.NotFound"/>: there is no such pool.</exception>
    public async Task<IReadOnlyList<VersionInfo>> GetAsync(string pool, CancellationToken cancellation)
    {
        PoolRecord record = FindPool(pool);
        List<ImageVersion> versions = [.. Store.GetVersions(record.HostId, record.Name)];
        if (record.MasterPath.Length > 0 && BuildPlanner.VersionAt(versions, record.MasterPath) is null)
        {
            versions.Add(new ImageVersion { Pool = record.Name, Number = BuildPlanner.NextNumber(versions), Path = record.MasterPath });
        }

        IReadOnlyList<PooledVmImage> machines = await new PooledImageUpdater(_services.Images)
            .GetImagesAsync(VmSelection.ByPool(record.Name), cancellation).ConfigureAwait(false);
        return versions.ConvertAll(version => new VersionInfo(
            version,
            HostPath.AreSame(version.Path, record.MasterPath),
            Exists(version.Path),
            [.. machines.Where(machine => HostPath.AreSame(machine.Master, version.Path)).Select(machine => machine.VMName)]));
    }

    private PoolRecord FindPool(string pool) => new PoolService(Hypervisor, Store).Get(pool);

    private void RequireMachines(string pool) => BuildPlanner.RequireMachines(_services, pool);

    private bool Exists(string path)
    {
        if (!Hypervisor.DisksAreHere)
        {
            return true; // not for this computer to say
        }

        try
        {
            return HostPath.FolderOf(_services.Images.Files, path).Exists(Path.GetFileName(path));
        }
        catch (HostFileException)
        {
            return false;
        }
    }
}
