using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;
using Service = VmUpdate.HyperV.HyperVNames.ManagementService;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    /// <inheritdoc/>
    /// <remarks>Hyper-V makes an empty machine with its mark in its notes; the rest is added to that. What fails on the way takes it away again.</remarks>
    public async Task<VmKey> CreateAsync(BuildMachine machine, CancellationToken cancellation)
    {
        CimRecord model = await FindAsync(machine.Model, cancellation).ConfigureAwait(false);
        CimRecord settings = await ReadSettingsAsync(model, cancellation).ConfigureAwait(false);
        VmDrive drive = (await ReadDrivesAsync(settings, NameOf(model), cancellation).ConfigureAwait(false))
            .SingleOrDefault(found => found.Location == machine.Location && found.File is not null)
            ?? throw new HypervisorException(HypervisorFailure.DiskNotAttached, NameOf(model), $"a disk was expected at {machine.Location}, and none is there.");
        RequireHere(machine.DiskPath);
        RequireFile(machine.Name, machine.DiskPath, "its disk");
        VmKey made = await DefineAsync(machine, settings, cancellation).ConfigureAwait(false);
        try
        {
            await FurnishAsync(made, machine, settings, drive, cancellation).ConfigureAwait(false);
            await AllowDiskAsync(made, machine.DiskPath, [], cancellation).ConfigureAwait(false);
            return made;
        }
        catch
        {
            await RemoveAsync(made, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system;
        try
        {
            system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        }
        catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.VmNotFound)
        {
            return;
        }

        string name = NameOf(system);
        CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        if (!VmNotes.Read(settings.Texts(Names.SystemSettings.Notes)).ContainsKey(VmMarks.Build))
        {
            throw new HypervisorException(
                HypervisorFailure.NotABuildMachine, name, "it was not made for a piece of work, so it is not taken away.");
        }

        if (StateOf(system) != VmPowerState.Off)
        {
            // What is saved of it goes, too.
            await RequestAsync(vm, system, HyperVValues.Off, "turning it off", cancellation, VmPowerState.Off).ConfigureAwait(false);
        }

        await _calls.DoAsync(
            await _calls.GetServiceAsync(name, cancellation).ConfigureAwait(false),
            Service.DestroySystem,
            new() { [Service.AffectedSystem] = system.Path },
            name,
            "taking it away",
            cancellation).ConfigureAwait(false);
    }

    private static CimRecord Fresh(CimRecord record, string idName) => record.With(idName, null);

    /// <summary>Makes an empty machine that is known by its mark from its first moment.</summary>
    private async Task<VmKey> DefineAsync(BuildMachine machine, CimRecord model, CancellationToken cancellation)
    {
        string[] kept =
        [
            Names.SystemSettings.VirtualSystemSubType, Names.SystemSettings.BootOrder, Names.SystemSettings.SecureBootEnabled, Names.SystemSettings.SecureBootTemplateId,
        ];
        var properties = model.Properties.Where(property => kept.Contains(property.Key)).ToDictionary(property => property.Key, property => property.Value);
        properties[Names.SystemSettings.ElementName] = machine.Name;
        properties[Names.SystemSettings.Notes] = VmNotes.With([], VmMarks.Build, machine.BuildId.ToString("D"));
        properties[Names.SystemSettings.AutomaticStartupAction] = HyperVValues.NeverStarts;
        properties[Names.SystemSettings.AutomaticSnapshotsEnabled] = false;
        List<string> before = (await ReadMadeForAsync(machine.BuildId, cancellation).ConfigureAwait(false)).Select(IdOf).ToList();
        await _calls.DoAsync(
            await _calls.GetServiceAsync(machine.Name, cancellation).ConfigureAwait(false),
            Service.DefineSystem,
            new() { [Service.SystemSettings] = CimXml.Write(new CimRecord(model.Path, properties)) },
            machine.Name,
            "making it",
            cancellation).ConfigureAwait(false);
        CimRecord made = (await ReadMadeForAsync(machine.BuildId, cancellation).ConfigureAwait(false)).FirstOrDefault(found => !before.Contains(IdOf(found)))
            ?? throw new HypervisorException(HypervisorFailure.OperationFailed, machine.Name, "Hyper-V said that it made it, and it is not there.");
        return new VmKey(HostId, Guid.Parse(made.Text(Names.SystemSettings.VirtualSystemIdentifier)));
    }

    private async Task<IReadOnlyList<CimRecord>> ReadMadeForAsync(Guid build, CancellationToken cancellation) =>
        (await QueryAsync(Names.SystemSettings.Class, "listing the machines that were made for a piece of work", cancellation).ConfigureAwait(false))
            .Where(settings => TypeOf(settings) == HyperVValues.RealizedSystem
                && VmNotes.Read(settings.Texts(Names.SystemSettings.Notes)).TryGetValue(VmMarks.Build, out string? made) && made == build.ToString("D"))
            .ToList();

    /// <summary>Gives an empty machine its model's memory, processors and network, and its disk at the place of its model's.</summary>
    private async Task FurnishAsync(VmKey made, BuildMachine machine, CimRecord model, VmDrive drive, CancellationToken cancellation)
    {
        CimRecord settings = await ReadSettingsAsync(await FindAsync(made, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        await CopyAsync(
            model,
            settings,
            Names.MemorySettings.Class,
            [
                Names.MemorySettings.VirtualQuantity, Names.MemorySettings.Limit, Names.MemorySettings.Reservation, Names.MemorySettings.DynamicMemoryEnabled,
            ],
            machine.Name,
            cancellation).ConfigureAwait(false);
        await CopyAsync(model, settings, Names.ProcessorSettings.Class, [Names.ProcessorSettings.VirtualQuantity], machine.Name, cancellation).ConfigureAwait(false);
        await AttachAsync(settings, machine, model, drive, cancellation).ConfigureAwait(false);
        if (machine.HasNetwork)
        {
            await ConnectAsync(settings, machine.Name, model, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Sets what a machine has of one kind as its model has it.</summary>
    private async Task CopyAsync(CimRecord model, CimRecord settings, string className, string[] properties, string name, CancellationToken cancellation)
    {
        CimRecord? pattern = (await ReadComponentsAsync(model, className, name, cancellation).ConfigureAwait(false)).FirstOrNone();
        CimRecord? own = (await ReadComponentsAsync(settings, className, name, cancellation).ConfigureAwait(false)).FirstOrNone();
        if (pattern is null || own is null)
        {
            throw new HypervisorException(HypervisorFailure.OperationFailed, name, $"Hyper-V made it without {className}.");
        }

        foreach (string property in properties)
        {
            own = own.With(property, pattern.Value(property));
        }

        await _calls.DoAsync(
            await _calls.GetServiceAsync(name, cancellation).ConfigureAwait(false),
            Service.ModifyResourceSettings,
            new() { [Service.ResourceSettings] = new[] { CimXml.Write(own) } },
            name,
            "setting its memory and processors",
            cancellation).ConfigureAwait(false);
    }

    private async Task AttachAsync(CimRecord settings, BuildMachine machine, CimRecord model, VmDrive drive, CancellationToken cancellation)
    {
        IReadOnlyList<CimRecord> patterns = await ReadComponentsAsync(model, Names.ResourceSettings.Class, machine.Name, cancellation).ConfigureAwait(false);
        CimRecord controller = await FindControllerAsync(settings, machine, patterns, cancellation).ConfigureAwait(false);
        await AddAsync(
            settings,
            Fresh(drive.Drive, Names.ResourceSettings.InstanceId).With(Names.ResourceSettings.Parent, controller.Path.ToText(HostName)),
            machine.Name,
            "adding its drive",
            cancellation).ConfigureAwait(false);
        CimRecord added = (await ReadComponentsAsync(settings, Names.ResourceSettings.Class, machine.Name, cancellation).ConfigureAwait(false))
            .FirstOrDefault(found => found.Text(Names.ResourceSettings.ResourceSubType) == HyperVValues.DiskDrive)
            ?? throw new HypervisorException(HypervisorFailure.OperationFailed, machine.Name, "Hyper-V said that it added its drive, and it is not there.");
        await AddAsync(
            settings,
            Fresh(drive.File!, Names.StorageSettings.InstanceId)
                .With(Names.StorageSettings.Parent, added.Path.ToText(HostName))
                .With(Names.StorageSettings.HostResource, new[] { machine.DiskPath }),
            machine.Name,
            "attaching its disk",
            cancellation).ConfigureAwait(false);
    }

    /// <summary>The controller at the place of the model's. SCSI controllers are added until there are as many; they are counted by their ids.</summary>
    private async Task<CimRecord> FindControllerAsync(
        CimRecord settings, BuildMachine machine, IReadOnlyList<CimRecord> patterns, CancellationToken cancellation)
    {
        bool isScsi = machine.Location.Controller == DiskController.Scsi;
        string kind = isScsi ? HyperVValues.ScsiController : HyperVValues.IdeController;
        for (int tries = 0; tries <= machine.Location.ControllerNumber + 1; tries++)
        {
            List<CimRecord> present = (await ReadComponentsAsync(settings, Names.ResourceSettings.Class, machine.Name, cancellation).ConfigureAwait(false))
                .Where(resource => resource.Text(Names.ResourceSettings.ResourceSubType) == kind)
                .OrderBy(resource => isScsi ? resource.Text(Names.ResourceSettings.InstanceId) : resource.Text(Names.ResourceSettings.Address), StringComparer.OrdinalIgnoreCase)
                .ToList();
            if (present.Count > machine.Location.ControllerNumber)
            {
                return present[machine.Location.ControllerNumber];
            }

            CimRecord pattern = patterns.First(resource => resource.Text(Names.ResourceSettings.ResourceSubType) == kind);
            await AddAsync(
                settings,
                Fresh(pattern, Names.ResourceSettings.InstanceId).With(Names.ResourceSettings.VirtualSystemIdentifiers, null),
                machine.Name,
                "adding a controller",
                cancellation).ConfigureAwait(false);
        }

        throw new HypervisorException(HypervisorFailure.OperationFailed, machine.Name, $"Hyper-V did not give it a controller for {machine.Location}.");
    }

    private async Task ConnectAsync(CimRecord settings, string name, CimRecord model, CancellationToken cancellation)
    {
        IReadOnlyList<CimRecord> connections = await ReadComponentsAsync(model, Names.NetworkConnection.Class, name, cancellation).ConfigureAwait(false);
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (CimRecord adapter in await ReadComponentsAsync(model, Names.NetworkAdapter.Class, name, cancellation).ConfigureAwait(false))
        {
            CimRecord own = Fresh(adapter, Names.NetworkAdapter.InstanceId)
                .With(Names.NetworkAdapter.VirtualSystemIdentifiers, null)
                .With(Names.NetworkAdapter.Address, null)
                .With(Names.NetworkAdapter.StaticMacAddress, false);
            await AddAsync(settings, own, name, "adding a network adapter", cancellation).ConfigureAwait(false);
            CimRecord? added = (await ReadComponentsAsync(settings, Names.NetworkAdapter.Class, name, cancellation).ConfigureAwait(false))
                .FirstOrDefault(found => known.Add(found.Text(Names.NetworkAdapter.InstanceId)));
            CimRecord? connection = connections.FirstOrDefault(found => CimPath.TryParse(found.Text(Names.NetworkConnection.Parent)) is { } parent
                && parent.Keys.TryGetValue(Names.NetworkAdapter.InstanceId, out object? id)
                && string.Equals((string)id, adapter.Text(Names.NetworkAdapter.InstanceId), StringComparison.OrdinalIgnoreCase));
            if (added is not null && connection is not null)
            {
                await AddAsync(
                    settings,
                    Fresh(connection, Names.NetworkConnection.InstanceId).With(Names.NetworkConnection.Parent, added.Path.ToText(HostName)),
                    name,
                    "connecting its network",
                    cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task AddAsync(CimRecord settings, CimRecord resource, string name, string what, CancellationToken cancellation) => await _calls.DoAsync(
        await _calls.GetServiceAsync(name, cancellation).ConfigureAwait(false),
        Service.AddResourceSettings,
        new() { [Service.AffectedConfiguration] = settings.Path, [Service.ResourceSettings] = new[] { CimXml.Write(resource) } },
        name,
        what,
        cancellation).ConfigureAwait(false);
}
