using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <content>An exported identity onto a new disk, by the rules of a swap.</content>
public sealed partial class IdentityExchange
{
    private static readonly TimeSpan SecretLifetime = TimeSpan.FromDays(30); // Netlogon's MaximumPasswordAge, unless a policy says otherwise

    /// <summary>Makes a new disk, a child of a master, that holds an exported identity. No disk that there is is written to, and none is attached.</summary>
    /// <param name="vm">The machine that it is for: its name or id.</param>
    /// <param name="exportPath">The exported file's full path.</param>
    /// <param name="key">What it is sealed under.</param>
    /// <param name="options">Where to, and what.</param>
    /// <param name="cancellation">Ends the work while the host is asked.</param>
    /// <returns>What was made.</returns>
    /// <exception cref="IdentityException">
    /// The export is damaged, newer, sealed under another key, or of another machine; it would bring a secret back while a newer disk of
    /// the machine exists; or the identity cannot be kept on this master.
    /// </exception>
    /// <exception cref="VmUpdateException">The master cannot be used, or the new disk cannot be written.</exception>
    public async Task<IdentityImportResult> ImportAsync(
        VmSelection vm, string exportPath, ExportKey key, IdentityImportOptions options, CancellationToken cancellation)
    {
        VirtualMachine machine = await FindAsync(vm, cancellation).ConfigureAwait(false);
        RequireDisksHere(machine.Name, "Import-VmIdentity");
        string masterPath = Path.GetFullPath(MasterFor(machine, options));
        await RequireFreeMasterAsync(machine, masterPath, cancellation).ConfigureAwait(false);
        using IdentityBundle export = IdentityExport.Open(HostPath.FolderOf(_services.Files, exportPath), Path.GetFileName(exportPath), key);
        RequireSameMachine(export.Manifest, machine, exportPath, options);
        using IdentityStandIn old = IdentityStandIn.Build(export, () => _services.Clock.UtcNow);
        var work = new ImportWork(_services, masterPath, options, new IdentityOptions
        {
            VmId = machine.Key.VmId,
            VmName = machine.Name,
            NewGuid = _services.Ids.NewGuid,
            UtcNow = () => _services.Clock.UtcNow,
            CarryOnWord = options.CarryOnWord,
            LeaveOut = options.LeaveOut,
            Dpapi = options.Dpapi,
            AllowSharedMachineSid = options.AllowSharedMachineSid,
        });
        IdentityPlan plan = work.Plan(old.Disk);
        List<string> warnings = [.. plan.Warnings];
        List<string> rotating = [.. NamesOf(plan, SetOutcome.Carried).Where(set => _services.Catalogue.Find(set)!.Rotates)];
        if (rotating.Count > 0)
        {
            await RequireNewestAsync(export.Manifest, machine, rotating, warnings, cancellation).ConfigureAwait(false);
        }

        WarnOfAge(export.Manifest, rotating, warnings);
        string name = work.Make(old.Disk, plan);
        return new IdentityImportResult
        {
            VMName = machine.Name,
            VMId = machine.Key.VmId,
            DiskPath = options.DiskPath,
            MasterPath = masterPath,
            ComputerName = name,
            TakenUtc = export.Manifest.TakenUtc,
            SetsCarried = NamesOf(plan, SetOutcome.Carried),
            SetsStripped = NamesOf(plan, SetOutcome.Stripped),
            SetsLost = NamesOf(plan, SetOutcome.NotCarried),
            Warnings = warnings,
        };
    }

    private static List<string> NamesOf(IdentityPlan plan, SetOutcome outcome) =>
        plan.Decisions.Where(decision => decision.Outcome == outcome).Select(decision => decision.Set).ToList();

    private static void RequireSameMachine(IdentityManifest manifest, VirtualMachine machine, string exportPath, IdentityImportOptions options)
    {
        if (manifest.VmId != machine.Key.VmId && !options.AllowOtherMachine)
        {
            string whose = manifest.VmId == Guid.Empty ? "a disk of no known machine" : $"the virtual machine {manifest.VmName} ({manifest.VmId})";
            throw new IdentityException(
                IdentityFailure.BundleForeign,
                exportPath,
                $"it is of {whose}, not of {machine.Name} ({machine.Key.VmId}). If that machine was made anew as this one, say so with -AllowOtherVM.");
        }
    }

    private string MasterFor(VirtualMachine machine, IdentityImportOptions options)
    {
        if (options.MasterPath is { } named)
        {
            return named;
        }

        string? pool = _services.Store.FindMachine(machine.Key)?.Pool;
        string master = pool is null ? string.Empty : _services.Store.FindPool(machine.Key.HostId, pool)?.MasterPath ?? string.Empty;
        return master.Length > 0 ? master : throw new SwapException(
            SwapFailure.NoMaster, machine.Name, "it is in no pool that has a master.", "Name one with -MasterPath.");
    }

    private async Task RequireFreeMasterAsync(VirtualMachine machine, string masterPath, CancellationToken cancellation)
    {
        IReadOnlyList<AttachedDisk> attached = await Hypervisor.ListDisksAsync(cancellation).ConfigureAwait(false);
        if (attached.FirstOrDefault(disk => HostPath.AreSame(disk.Path, masterPath)) is { } user)
        {
            throw new SwapException(
                SwapFailure.MasterInUse,
                masterPath,
                $"it is a disk of the machine '{user.VmName}', which would change it under the new disk for {machine.Name}.",
                "Detach it there, or name a copy of it.");
        }
    }

    /// <summary>What changes while a machine runs may only be taken from an export when no disk of the machine holds it as new or newer.</summary>
    private async Task RequireNewestAsync(
        IdentityManifest manifest, VirtualMachine machine, List<string> rotating, List<string> warnings, CancellationToken cancellation)
    {
        IReadOnlyList<VirtualMachine> all = await Hypervisor.ListAsync(cancellation).ConfigureAwait(false);
        List<VirtualMachine> machines = all.Where(found => found.Key.VmId == machine.Key.VmId || found.Key.VmId == manifest.VmId).ToList();
        if (machines.All(found => found.Key.VmId != manifest.VmId))
        {
            warnings.Add("The machine that it was exported from is not on this host: whether a newer disk of it exists elsewhere is not known.");
        }

        foreach (VirtualMachine owner in machines)
        {
            IReadOnlyList<VmDisk> disks = await Hypervisor.GetDisksAsync(owner.Key, cancellation).ConfigureAwait(false);
            foreach (string path in disks.Select(disk => disk.Path))
            {
                Require(path, isAttached: true);
            }

            foreach (DiskRevision revision in _services.Store.GetRevisions(owner.Key).Where(revision => revision.State == DiskRevisionState.Kept))
            {
                Require(revision.Path, isAttached: false);
            }

            void Require(string path, bool isAttached)
            {
                if (DiskSight.Of(path, isAttached, manifest.MachineSecretSetUtc, _services, warnings) is { } why)
                {
                    throw new IdentityException(
                        IdentityFailure.NewerDiskExists,
                        owner.Name,
                        $"{why}, and the export of {manifest.TakenUtc:u} would bring back what may have changed since. Swap from that disk "
                        + $"(Update-PooledVmImage), or leave these sets out: -ExcludeSet {string.Join(", ", rotating)}.");
                }
            }
        }
    }

    private void WarnOfAge(IdentityManifest manifest, List<string> rotating, List<string> warnings)
    {
        TimeSpan age = _services.Clock.UtcNow - (manifest.MachineSecretSetUtc ?? _services.Clock.UtcNow);
        bool isCarried = rotating.Any(set => _services.Catalogue.Find(set)!.Items.Any(
            item => item.Kind == IdentityItemKind.LsaSecret && item.Name == LsaSecretTransfer.MachineAccount));
        if (age > SecretLifetime && isCarried)
        {
            warnings.Add(
                $"The machine's secret in the export was set {(int)age.TotalDays} days ago, and machines change theirs every {SecretLifetime.TotalDays:0}: "
                + "the domain may not know it any more. Then reset the machine's account (Test-ComputerSecureChannel -Repair), or join it anew.");
        }
    }
}
