using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <content>The disks that machines had before.</content>
public sealed partial class PooledImageUpdater
{
    /// <summary>The disks that machines had before, and what stands against removing each; removes nothing.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="beforeTime">Whether those whose time is not over count as removable, too.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The disks.</returns>
    public async Task<IReadOnlyList<OldDiskResult>> GetOldDisksAsync(VmSelection selection, bool beforeTime, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> targets = await TargetResolver.ResolveAsync(Hypervisor, Store, selection, cancellation).ConfigureAwait(false);
        return await WorkOnOldDisksAsync(targets, beforeTime, isRemoval: false, cancellation).ConfigureAwait(false);
    }

    /// <summary>Deletes disks that machines had before. One that is attached, or a parent of one that is, is never deleted.</summary>
    /// <param name="selection">Which machines.</param>
    /// <param name="beforeTime">Whether those whose time is not over are deleted, too.</param>
    /// <param name="cancellation">Ends the work between two disks.</param>
    /// <returns>The disks, with what became of each.</returns>
    /// <exception cref="StoreException">Another process works on a pool of theirs.</exception>
    public async Task<IReadOnlyList<OldDiskResult>> RemoveOldDisksAsync(VmSelection selection, bool beforeTime, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> targets = await TargetResolver.ResolveAsync(Hypervisor, Store, selection, cancellation).ConfigureAwait(false);
        List<StoreLease> leases = AcquireLeases(targets, "RemoveOldDisks");
        try
        {
            IReadOnlyList<OldDiskResult> results =
                await WorkOnOldDisksAsync(targets, beforeTime, isRemoval: true, cancellation).ConfigureAwait(false);
            DeleteBundles(targets);
            return results;
        }
        finally
        {
            Release(leases);
        }
    }

    /// <summary>
    /// Deletes the copies of identities whose disks are deleted, too: those of this call, and what an earlier one that died left. A swap
    /// that is not over keeps its own.
    /// </summary>
    private void DeleteBundles(IReadOnlyList<VmTarget> targets)
    {
        foreach (VmTarget target in targets)
        {
            HashSet<int> removed = [.. Store.GetRevisions(target.Key)
                .Where(revision => revision.State == DiskRevisionState.Removed).Select(revision => revision.Number)];
            foreach (SwapRecord swap in Store.GetSwaps(target.Key).Where(swap => swap.Ended is not null && swap.BundleId.Length > 0))
            {
                if (swap.State == SwapState.RolledBack || removed.Contains(swap.OldRevision))
                {
                    _services.Identities.Delete(swap.BundleId);
                }
            }
        }
    }

    private async Task<IReadOnlyList<OldDiskResult>> WorkOnOldDisksAsync(
        IReadOnlyList<VmTarget> targets, bool beforeTime, bool isRemoval, CancellationToken cancellation)
    {
        IReadOnlyList<AttachedDisk> attached = await Hypervisor.ListDisksAsync(cancellation).ConfigureAwait(false);
        var results = new List<OldDiskResult>();
        Dictionary<string, string>? parents = null;
        foreach (VmTarget target in targets)
        {
            // The newest first: on the way back a newer disk may be a child of an older one.
            foreach (DiskRevision revision in Store.GetRevisions(target.Key)
                .Where(revision => revision.State == DiskRevisionState.Kept).OrderByDescending(revision => revision.Number))
            {
                cancellation.ThrowIfCancellationRequested();
                parents ??= FindParentsInUse(attached);
                VmUpdateException? refusal = WhyKept(target, revision, beforeTime, parents);
                bool removed = false;
                if (refusal is null && isRemoval)
                {
                    refusal = await RemoveAsync(revision, cancellation).ConfigureAwait(false);
                    removed = refusal is null;
                }

                results.Add(new OldDiskResult
                {
                    VMName = target.Name,
                    VMId = target.Key.VmId,
                    Revision = revision.Number,
                    Path = revision.Path,
                    KeptUntil = revision.KeptUntil!.Value,
                    Removable = refusal is null,
                    Removed = removed,
                    ErrorId = refusal?.Code ?? string.Empty,
                    Error = refusal?.Message ?? string.Empty,
                });
            }
        }

        return results;
    }

    private SwapException? WhyKept(VmTarget target, DiskRevision revision, bool beforeTime, Dictionary<string, string> parents)
    {
        if (!beforeTime && revision.KeptUntil > _services.Clock.UtcNow)
        {
            return new SwapException(
                SwapFailure.KeptLonger, revision.Path, $"it is kept for {target.Name} until {revision.KeptUntil:u}.", "Wait, or use -AllowBeforeTime.");
        }

        if (parents.TryGetValue(Path.GetFullPath(revision.Path), out string? user))
        {
            return new SwapException(SwapFailure.DiskInUse, revision.Path, $"{user} needs it.");
        }

        // Not only what is attached: a kept disk whose parent is gone is no disk to go back to.
        DiskRevision? child = Store.GetRevisions(Hypervisor.HostId).FirstOrDefault(
            other => other.State != DiskRevisionState.Removed && HostPath.AreSame(other.ParentPath, revision.Path));
        return child is null
            ? null
            : new SwapException(SwapFailure.DiskInUse, revision.Path, $"{child.Path} is a child of it.", "Remove that one first.");
    }

    private async Task<VmUpdateException?> RemoveAsync(DiskRevision revision, CancellationToken cancellation)
    {
        try
        {
            IHostFolder folder = HostPath.FolderOf(_services.Files, revision.Path);
            string name = Path.GetFileName(revision.Path);
            if (folder.Exists(name))
            {
                // A running machine holds its disk's parents, also those that no record tells of.
                folder.Open(name, HostFileMode.ReadWrite).Dispose();
                await Hypervisor.DeleteDiskAsync(revision.Path, cancellation).ConfigureAwait(false);
            }

            Store.Write(transaction => transaction.SaveRevision(revision with { State = DiskRevisionState.Removed }));
            return null;
        }
        catch (VmUpdateException failure) when (failure is HostFileException or HypervisorException)
        {
            return failure;
        }
    }

    /// <summary>Every file that an attached disk, an open swap or a pool needs, with who needs it.</summary>
    private Dictionary<string, string> FindParentsInUse(IReadOnlyList<AttachedDisk> attached)
    {
        var needed = new Dictionary<string, string>(StringComparer.Ordinal);
        ILookup<string, DiskRevision> known = Store.GetRevisions(Hypervisor.HostId).ToLookup(revision => Path.GetFullPath(revision.Path));
        foreach (AttachedDisk disk in attached)
        {
            string user = $"the machine '{disk.VmName}'";
            string path = Path.GetFullPath(disk.Path);

            // By the records, which need no look at the disk of a running machine. The bound is that of chains.
            for (int depth = 0; path.Length > 0 && depth <= MaxChain && Add(path); depth++)
            {
                string parent = known[path].Select(revision => revision.ParentPath).FirstOrDefault() ?? string.Empty;
                path = parent.Length == 0 ? string.Empty : Path.GetFullPath(parent);
            }

            foreach (string file in ReadChain(disk.Path))
            {
                Add(Path.GetFullPath(file));
            }

            bool Add(string file)
            {
                bool isNew = !needed.ContainsKey(file);
                needed[file] = user;
                return isNew;
            }
        }

        foreach (SwapRecord swap in Store.GetOpenSwaps(Hypervisor.HostId))
        {
            foreach (string file in new[] { swap.OldPath, swap.NewPath, swap.ParentPath })
            {
                needed[Path.GetFullPath(file)] = $"the open swap of '{swap.VmName}'";
            }
        }

        foreach (PoolRecord pool in Store.GetPools(Hypervisor.HostId).Where(pool => pool.MasterPath.Length > 0))
        {
            needed[Path.GetFullPath(pool.MasterPath)] = $"the pool '{pool.Name}', whose master it is,";
        }

        return needed;
    }

    private List<string> ReadChain(string path)
    {
        try
        {
            using VhdxDisk disk = VhdxDisk.Open(
                path, new VhdxOpenOptions { Files = _services.Files, AllowedParentFolders = _services.AllowedParentFolders });
            return disk.Chain.Select(file => file.Path).ToList();
        }
        catch (VmUpdateException failure) when (failure is DiskFormatException or HostFileException)
        {
            // Held by its machine, which then holds the parents, too; or no VHDX at all.
            return [];
        }
    }
}
