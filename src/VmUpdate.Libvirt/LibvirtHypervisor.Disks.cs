using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

public sealed partial class LibvirtHypervisor
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<VmDisk>> GetDisksAsync(VmKey vm, CancellationToken cancellation) => WithAsync<IReadOnlyList<VmDisk>>(
        vm,
        domain => ReadDisks(domain)
            .Where(disk => disk.Location is not null)
            .Select(disk => new VmDisk(disk.Location!.Value, disk.Path, disk.BootOrder))
            .OrderBy(disk => disk.Location.Controller).ThenBy(disk => disk.Location.Slot)
            .ToList(),
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttachedDisk>> ListDisksAsync(CancellationToken cancellation) => _connection.RunAsync(ListDisks, cancellation);

    /// <inheritdoc/>
    public Task SwitchDiskAsync(VmKey vm, DiskLocation location, string oldPath, string newPath, CancellationToken cancellation)
    {
        RequireHost(vm);
        return _connection.RunAsync(
            connection =>
            {
                using Domain domain = Domain.Find(connection, vm.VmId);

                // Of a saved machine libvirt would take the change and forget it: the saved state has a description of its own.
                domain.RequireState(VmPowerState.Off);
                DomainDefinition definition = ReadDefinition(domain);
                DomainDisk? present = definition.Disks.SingleOrDefault(disk => disk.Location == location);
                if (present is null || !HostPath.AreSame(present.Path, oldPath))
                {
                    throw new HypervisorException(
                        HypervisorFailure.DiskNotAttached,
                        domain.Name,
                        $"{oldPath} was expected at {location}, but {(present is null ? "nothing" : present.Path)} is there.");
                }

                RequireFile(domain.Name, newPath, "the disk");
                Define(connection, domain.Name, definition.WithFile(present, newPath));

                // Whoever started it in between started it on the old disk: then the old disk stays its disk.
                if (domain.GetState() is VmPowerState.Off and var state)
                {
                    return state;
                }

                Define(connection, domain.Name, definition.WithFile(present, oldPath));
                throw new HypervisorException(HypervisorFailure.VmBusy, domain.Name, "somebody else started it while its disk was to be switched.");
            },
            cancellation);
    }

    /// <inheritdoc/>
    public async Task DeleteDiskAsync(string path, CancellationToken cancellation)
    {
        if (!DisksAreHere)
        {
            throw new HypervisorException(HypervisorFailure.DiskNotReachable, path, $"it is on {HostName}, and a path there is never opened here.");
        }

        IReadOnlyList<AttachedDisk> attached = await ListDisksAsync(cancellation).ConfigureAwait(false);
        if (attached.FirstOrDefault(disk => HostPath.AreSame(disk.Path, path)) is { } user)
        {
            throw new HypervisorException(HypervisorFailure.DiskAttached, path, $"it is attached to '{user.VmName}', and was not deleted.");
        }

        HostPath.FolderOf(_options.Files, path).Delete(Path.GetFileName(path));
    }

    private static void Define(IntPtr connection, string name, string xml)
    {
        IntPtr defined = VirApi.Define(connection, Utf8.Of(xml), 0);
        if (defined == IntPtr.Zero)
        {
            throw LibvirtErrors.Last(name, "changing its description");
        }

        _ = VirApi.FreeDomain(defined);
    }

    private IReadOnlyList<AttachedDisk> ListDisks(IntPtr connection)
    {
        var toFree = new List<IntPtr>();
        try
        {
            var attached = new List<AttachedDisk>();
            foreach (KeyValuePair<Guid, IntPtr> listed in ListHandles(connection, 0, toFree))
            {
                using Domain domain = Domain.Of(listed.Value);
                try
                {
                    // What it runs with and what it will be started with may differ; both are its disks.
                    IEnumerable<string> paths = ReadDefinition(domain).Disks.Concat(ReadDisks(domain)).Where(disk => disk.IsFile).Select(disk => disk.Path);
                    attached.AddRange(paths.Distinct().Select(path => new AttachedDisk(new VmKey(HostId, listed.Key), domain.Name, path)));
                }
                catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.VmNotFound)
                {
                    // Gone since it was listed.
                }
            }

            return attached;
        }
        finally
        {
            Domain.Free(toFree);
        }
    }

    private void RequireFiles(Domain domain, IReadOnlyList<DomainDisk> disks)
    {
        foreach (DomainDisk disk in disks.Where(disk => disk.IsFile))
        {
            RequireFile(domain.Name, disk.Path, "its disk");
        }
    }

    private void RequireFile(string name, string path, string what)
    {
        if (DisksAreHere)
        {
            HostPath.RequireFile(_options.Files, name, path, what);
        }
    }
}
