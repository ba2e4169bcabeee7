using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <content>What machines are on.</content>
public sealed partial class PooledImageUpdater
{
    /// <summary>What the machines are on.</summary>
    /// <param name="selection">Which machines; those that are not pooled are left out.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The machines, by name.</returns>
    /// <exception cref="HypervisorException">A name or id is that of no machine, or of several.</exception>
    public async Task<IReadOnlyList<PooledVmImage>> GetImagesAsync(VmSelection selection, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> targets = await TargetResolver.ResolveAsync(Hypervisor, Store, selection, cancellation).ConfigureAwait(false);
        var images = new List<PooledVmImage>();
        foreach (VmTarget target in targets)
        {
            VirtualMachine machine = target.Machine ?? throw target.Failure!;
            if (Store.FindMachine(machine.Key) is { Role: MachineRole.Pooled, Pool: { } poolName })
            {
                images.Add(await DescribeAsync(machine, poolName, cancellation).ConfigureAwait(false));
            }
        }

        return images.OrderBy(image => image.VMName, StringComparer.OrdinalIgnoreCase).ToList();
    }

    private async Task<PooledVmImage> DescribeAsync(VirtualMachine machine, string poolName, CancellationToken cancellation)
    {
        IReadOnlyList<VmDisk> disks = await Hypervisor.GetDisksAsync(machine.Key, cancellation).ConfigureAwait(false);
        IReadOnlyList<DiskRevision> revisions = Store.GetRevisions(machine.Key);
        string path = FindBootPath(machine.Name, disks);
        DiskRevision? current = revisions.SingleOrDefault(r => r.State == DiskRevisionState.Current && HostPath.AreSame(r.Path, path));
        DiskRevision? before = current is null
            ? null
            : revisions.SingleOrDefault(r => r.Number == current.Previous && r.State == DiskRevisionState.Kept);
        string master = current?.ParentPath ?? (machine.State == VmPowerState.Off ? ReadParentPath(path) : string.Empty);
        return new PooledVmImage
        {
            VMName = machine.Name,
            VMId = machine.Key.VmId,
            Pool = poolName,
            Revision = current?.Number ?? 0,
            Master = master,
            DiskPath = path,
            PreviousDiskPath = before?.Path ?? string.Empty,
            KeptUntil = before?.KeptUntil,
            OpenSwap = Store.FindOpenSwap(machine.Key)?.State.ToString() ?? string.Empty,
            IsCurrent = HostPath.AreSame(Store.FindPool(machine.Key.HostId, poolName)?.MasterPath ?? string.Empty, master),
        };
    }

    private static string FindBootPath(string name, IReadOnlyList<VmDisk> disks)
    {
        try
        {
            return BootDisk.Find(name, disks).Path;
        }
        catch (SwapException)
        {
            return string.Empty;
        }
    }

    /// <summary>The parent of a disk that no record tells of; empty when the disk cannot be read.</summary>
    private string ReadParentPath(string path)
    {
        if (!Hypervisor.DisksAreHere || path.Length == 0)
        {
            return string.Empty;
        }

        try
        {
            using VhdxDisk disk = VhdxDisk.Open(
                path, new VhdxOpenOptions { Files = _services.Files, AllowedParentFolders = _services.AllowedParentFolders });
            return disk.Chain.Count > 1 ? disk.Chain[1].Path : string.Empty;
        }
        catch (VmUpdateException failure) when (failure is DiskFormatException or HostFileException)
        {
            return string.Empty;
        }
    }
}
