using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    /// <inheritdoc/>
    public async Task<MachineTraits> GetTraitsAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        IReadOnlyList<CimRecord> settings = await ReadAllSettingsAsync(system, cancellation).ConfigureAwait(false);
        CimRecord present = settings.FirstOrDefault(setting => TypeOf(setting) == HyperVValues.RealizedSystem) ?? throw NotFound(vm);
        string owner = OwnerOf(present.Text(Names.SystemSettings.InstanceId));
        List<CimRecord> security = (await QueryAsync(Names.SecuritySettings.Class, "reading its security settings", cancellation).ConfigureAwait(false))
            .Where(found => string.Equals(OwnerOf(found.Text(Names.SecuritySettings.InstanceId)), owner, StringComparison.OrdinalIgnoreCase))
            .ToList();
        List<CimRecord> checkpoints = settings.Where(VmManagers.IsCheckpoint).ToList();
        return new MachineTraits(IsGeneration2(present) ? VmFirmware.Uefi : VmFirmware.Bios)
        {
            HasTpm = security.Any(found => found.Flag(Names.SecuritySettings.TpmEnabled)),
            IsShielded = security.Any(found => found.Flag(Names.SecuritySettings.ShieldingRequested)),
            IsClustered = (await _cluster.FindOwnerAsync(vm.VmId, HostName, cancellation).ConfigureAwait(false)).Length > 0,
            RollbackCheckpoint = checkpoints.Count > 0 && checkpoints.All(VmManagers.IsRollback)
                ? checkpoints[0].Text(Names.SystemSettings.ElementName)
                : string.Empty,
        };
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The old one goes first: two of one name would leave it to chance which one RDS takes. Hyper-V gives a new checkpoint a name of its
    /// own; whoever dies before it is renamed leaves it under that name.
    /// </remarks>
    public async Task RenewRollbackCheckpointAsync(VmKey vm, string name, CancellationToken cancellation)
    {
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Off, VmPowerState.Running, VmPowerState.Saved, VmPowerState.Paused)
            .ConfigureAwait(false);
        string machine = NameOf(system);
        CimPath service = await FindSnapshotServiceAsync(machine, cancellation).ConfigureAwait(false);
        foreach (CimRecord old in (await ReadAllSettingsAsync(system, cancellation).ConfigureAwait(false)).Where(VmManagers.IsRollback))
        {
            await _calls.DoAsync(
                service,
                Names.SnapshotService.DestroySnapshot,
                new() { [Names.SnapshotService.AffectedSnapshot] = old.Path },
                machine,
                $"removing its checkpoint '{name}'",
                cancellation).ConfigureAwait(false);
        }

        // What the old one held may still be being merged.
        system = await RestingAsync(vm, cancellation, VmPowerState.Off, VmPowerState.Running, VmPowerState.Saved, VmPowerState.Paused).ConfigureAwait(false);
        List<string> before = (await ReadAllSettingsAsync(system, cancellation).ConfigureAwait(false)).Select(IdOf).ToList();
        await _calls.DoAsync(
            service,
            Names.SnapshotService.CreateSnapshot,
            new() { [Names.SnapshotService.AffectedSystem] = system.Path, [Names.SnapshotService.SnapshotType] = HyperVValues.FullSnapshot },
            machine,
            $"making its checkpoint '{name}' anew",
            cancellation).ConfigureAwait(false);
        CimRecord made = (await ReadAllSettingsAsync(system, cancellation).ConfigureAwait(false))
            .FirstOrDefault(settings => VmManagers.IsCheckpoint(settings) && !before.Contains(IdOf(settings)))
            ?? throw new HypervisorException(HypervisorFailure.OperationFailed, machine, "Hyper-V said that it made a checkpoint, and there is none.");
        await ModifySettingsAsync(made.With(Names.SystemSettings.ElementName, name), machine, $"naming its checkpoint '{name}'", cancellation)
            .ConfigureAwait(false);
    }

    private static string IdOf(CimRecord settings) => settings.Text(Names.SystemSettings.InstanceId);

    private async Task<CimPath> FindSnapshotServiceAsync(string machine, CancellationToken cancellation) =>
        (await QueryAsync(Names.SnapshotService.Class, "asking for Hyper-V's checkpoint service", cancellation).ConfigureAwait(false)).FirstOrNone()?.Path
        ?? throw new HypervisorException(HypervisorFailure.AccessDenied, machine, "the host shows no Hyper-V checkpoint service to this account.");

    /// <summary>The settings of a machine and of all its checkpoints.</summary>
    private Task<IReadOnlyList<CimRecord>> ReadAllSettingsAsync(CimRecord system, CancellationToken cancellation) => _calls.QueryAsync(
        new CimQuery(
            Names.VirtualizationNamespace,
            Names.SystemSettings.Class,
            Names.SystemSettings.VirtualSystemIdentifier,
            system.Text(Names.ComputerSystem.Name)),
        NameOf(system),
        "reading its settings",
        cancellation);
}
