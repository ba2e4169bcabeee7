using System.Globalization;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>Takes machines' identities out of a host, sealed, and puts them onto new disks. May be used by several threads.</summary>
public sealed partial class IdentityExchange
{
    private readonly UpdaterServices _services;

    /// <summary>Makes the service.</summary>
    /// <param name="services">What it reaches the world through.</param>
    public IdentityExchange(UpdaterServices services) => _services = services;

    private IHypervisor Hypervisor => _services.Hypervisor;

    /// <summary>Exports the identity that a machine's disk holds. The machine must be off.</summary>
    /// <param name="vm">The machine: its name or id.</param>
    /// <param name="folder">The folder of the new file; made when it is absent.</param>
    /// <param name="key">What it is sealed under.</param>
    /// <param name="leaveOut">Sets that are left out, by their ids.</param>
    /// <param name="cancellation">Ends the look for the machine.</param>
    /// <returns>The export.</returns>
    /// <exception cref="VmUpdateException">The machine is not off, its disk cannot be read, a secret on it does not open, or the file cannot be written.</exception>
    public async Task<IdentityExportResult> ExportAsync(
        VmSelection vm, string folder, ExportKey key, IReadOnlyCollection<string> leaveOut, CancellationToken cancellation)
    {
        VirtualMachine machine = await FindAsync(vm, cancellation).ConfigureAwait(false);
        RequireDisksHere(machine.Name, "Export-VmIdentity");
        if (machine.State != VmPowerState.Off)
        {
            throw new HypervisorException(
                HypervisorFailure.VmBusy, machine.Name, $"it is {machine.State}, and what changes while it runs is on its disk only when it is off. Shut it down first.");
        }

        VmDisk disk = BootDisk.Find(machine.Name, await Hypervisor.GetDisksAsync(machine.Key, cancellation).ConfigureAwait(false));
        return ExportDisk(disk.Path, machine.Key.VmId, machine.Name, folder, key, leaveOut, _services);
    }

    /// <summary>Exports the identity that was kept when a machine was moved from one of its disks: for the day that disk cannot be read.</summary>
    /// <param name="vm">The machine: its name or id.</param>
    /// <param name="revision">The disk's number.</param>
    /// <param name="folder">The folder of the new file; made when it is absent.</param>
    /// <param name="key">What it is sealed under.</param>
    /// <param name="leaveOut">Sets that are left out, by their ids.</param>
    /// <param name="cancellation">Ends the look for the machine.</param>
    /// <returns>The export.</returns>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.BundleNotFound"/> and the others.</exception>
    public async Task<IdentityExportResult> ExportKeptAsync(
        VmSelection vm, int revision, string folder, ExportKey key, IReadOnlyCollection<string> leaveOut, CancellationToken cancellation)
    {
        VirtualMachine machine = await FindAsync(vm, cancellation).ConfigureAwait(false);
        SwapRecord? swap = _services.Store.GetSwaps(machine.Key).LastOrDefault(
            found => found.State == SwapState.Committed && found.OldRevision == revision && found.BundleId.Length > 0 && _services.Identities.Exists(found.BundleId));
        if (swap is null)
        {
            throw new IdentityException(
                IdentityFailure.BundleNotFound,
                machine.Name,
                $"no identity is kept from its disk of revision {revision}: it was never swapped away from that disk, the disk was deleted since, or identities are kept in memory only.");
        }

        using IdentityBundle kept = _services.Identities.Load(swap.BundleId, machine.Key.VmId);
        using IdentityBundle whole = PortableBundle.Of(kept, _services.Ids.NewGuid());
        using IdentityBundle bundle = PortableBundle.Without(whole, leaveOut);
        return Write(bundle, machine.Name, string.Format(CultureInfo.InvariantCulture, "{0}.r{1}", machine.Name, revision), folder, key, _services);
    }

    /// <summary>Exports the identity that a disk holds which is attached to no machine.</summary>
    /// <param name="diskPath">The disk, a VHDX file.</param>
    /// <param name="folder">The folder of the new file; made when it is absent.</param>
    /// <param name="key">What it is sealed under.</param>
    /// <param name="leaveOut">Sets that are left out, by their ids.</param>
    /// <param name="source">Where host files come from, and the rest that needs no host of machines.</param>
    /// <returns>The export. It says of no machine, so an import must be told that it is meant for another.</returns>
    /// <exception cref="VmUpdateException">The disk cannot be read, a secret on it does not open, or the file cannot be written.</exception>
    public static IdentityExportResult ExportDisk(
        string diskPath, string folder, ExportKey key, IReadOnlyCollection<string> leaveOut, IDiskServices source) =>
        ExportDisk(diskPath, Guid.Empty, Path.GetFileNameWithoutExtension(diskPath), folder, key, leaveOut, source);

    /// <summary>
    /// Gives the identity store a new key, and seals the kept identities anew with it. No swap runs meanwhile.
    /// </summary>
    /// <returns>What was done.</returns>
    /// <exception cref="StoreException">Another process works on a pool.</exception>
    /// <exception cref="IdentityException">The store cannot be written, or is too open; or identities are kept in memory only.</exception>
    public IdentityKeyRotation RotateKey()
    {
        if (_services.Identities is not FolderIdentityStore store)
        {
            throw new IdentityException(
                IdentityFailure.StoreNotWritable, Hypervisor.HostName, "identities are kept in memory only, so there is no key to be replaced.");
        }

        var leases = new List<StoreLease>();
        try
        {
            foreach (PoolRecord pool in _services.Store.GetPools(Hypervisor.HostId).OrderBy(pool => pool.Name, StringComparer.OrdinalIgnoreCase))
            {
                leases.Add(_services.Store.AcquireLease(PooledImageUpdater.LeaseOf(pool.Name, Hypervisor.HostId), "NewIdentityStoreKey"));
            }

            return store.RotateKey();
        }
        finally
        {
            leases.ForEach(lease => lease.Dispose());
        }
    }

    private static IdentityExportResult ExportDisk(
        string diskPath, Guid vmId, string name, string folder, ExportKey key, IReadOnlyCollection<string> leaveOut, IDiskServices source)
    {
        using VhdxDisk disk = VhdxDisk.Open(
            diskPath, new VhdxOpenOptions { Files = source.Files, AllowedParentFolders = source.AllowedParentFolders });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = diskPath });
        var options = new IdentityOptions
        {
            VmId = vmId,
            VmName = name,
            NewGuid = source.Ids.NewGuid,
            UtcNow = () => source.Clock.UtcNow,
            LeaveOut = leaveOut,
        };
        using IdentityBundle bundle = new IdentityTransfer(source.Catalogue).Take(guest, options);
        return Write(bundle, name, name, folder, key, source);
    }

    private static IdentityExportResult Write(
        IdentityBundle bundle, string name, string fileName, string folder, ExportKey key, IDiskServices source)
    {
        IHostFolder target = source.Files.CreateFolder(folder, ownerOnly: false);
        string file = string.Format(
            CultureInfo.InvariantCulture, "{0}.{1:yyyyMMdd-HHmmss}{2}", DiskNames.Sanitize(fileName), bundle.Manifest.TakenUtc, IdentityExport.Extension);
        IdentityExport.Write(target, file, bundle, key);
        return new IdentityExportResult
        {
            VMName = name,
            VMId = bundle.Manifest.VmId,
            Path = Path.Combine(target.Path, file),
            Source = bundle.Manifest.OldDisk,
            TakenUtc = bundle.Manifest.TakenUtc,
            MachineSecretSetUtc = bundle.Manifest.MachineSecretSetUtc,
            Sets = [.. bundle.Manifest.Source.Select(item => item.Set).Where(set => source.Catalogue.Find(set) is not null).Distinct()],
            SetsLeftOut = [.. bundle.Manifest.Decisions.Where(decision => decision.Outcome == SetOutcome.NotCarried).Select(decision => decision.Set)],
        };
    }

    private async Task<VirtualMachine> FindAsync(VmSelection vm, CancellationToken cancellation)
    {
        IReadOnlyList<VmTarget> found = await TargetResolver.ResolveAsync(Hypervisor, _services.Store, vm, cancellation).ConfigureAwait(false);
        VmTarget target = found.Single();
        return target.Machine ?? throw target.Failure!;
    }

    private void RequireDisksHere(string name, string command)
    {
        if (!Hypervisor.DisksAreHere)
        {
            throw new HypervisorException(
                HypervisorFailure.DiskNotReachable,
                name,
                $"its disk is on {Hypervisor.HostName}, and a path there is never opened here. Run the command there: "
                + $"Invoke-Command -ComputerName {Hypervisor.HostName} {{ {command} -Name '{name}' ... }}.");
        }
    }
}
