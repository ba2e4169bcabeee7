using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<VmDisk>> GetDisksAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
        CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        IReadOnlyList<VmDrive> drives = await ReadDrivesAsync(settings, NameOf(system), cancellation).ConfigureAwait(false);
        IReadOnlyDictionary<DiskLocation, int> order = IsGeneration2(settings)
            ? await OrderOfGeneration2Async(settings, drives, NameOf(system), cancellation).ConfigureAwait(false)
            : VmDrives.OrderOfGeneration1(settings, drives);
        return drives
            .Select(drive => new VmDisk(drive.Location, drive.Path, order.TryGetValue(drive.Location, out int place) ? place : null))
            .ToList();
    }

    /// <inheritdoc/>
    /// <remarks>Those that a checkpoint holds, too: they are as much in use.</remarks>
    public async Task<IReadOnlyList<AttachedDisk>> ListDisksAsync(CancellationToken cancellation)
    {
        IReadOnlyList<CimRecord> settings = await QueryAsync(Names.SystemSettings.Class, "listing the settings", cancellation).ConfigureAwait(false);
        Dictionary<string, string> machineOf = settings.ToDictionary(
            setting => OwnerOf(setting.Text(Names.SystemSettings.InstanceId)),
            setting => setting.Text(Names.SystemSettings.VirtualSystemIdentifier),
            StringComparer.OrdinalIgnoreCase);
        Dictionary<string, string> nameOf = settings.Where(setting => TypeOf(setting) == HyperVValues.RealizedSystem).ToDictionary(
            setting => setting.Text(Names.SystemSettings.VirtualSystemIdentifier),
            setting => setting.Text(Names.SystemSettings.ElementName),
            StringComparer.OrdinalIgnoreCase);
        var attached = new List<AttachedDisk>();
        foreach (CimRecord file in (await QueryAsync(Names.StorageSettings.Class, "listing the disks", cancellation).ConfigureAwait(false)).Where(VmDrives.IsHardDisk))
        {
            if (machineOf.TryGetValue(OwnerOf(file.Text(Names.StorageSettings.InstanceId)), out string? machine)
                && nameOf.TryGetValue(machine, out string? name) && Guid.TryParse(machine, out Guid id))
            {
                attached.Add(new AttachedDisk(new VmKey(HostId, id), name, VmDrives.PathOf(file)));
            }
        }

        return attached.Distinct().ToList();
    }

    /// <inheritdoc/>
    public async Task SwitchDiskAsync(VmKey vm, DiskLocation location, string oldPath, string newPath, CancellationToken cancellation)
    {
        // Of a saved machine Hyper-V takes no other disk: what it restores goes with the one it was saved with.
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Off).ConfigureAwait(false);
        string name = NameOf(system);
        CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        IReadOnlyList<VmDrive> drives = await ReadDrivesAsync(settings, name, cancellation).ConfigureAwait(false);
        VmDrive? present = drives.SingleOrDefault(drive => drive.Location == location);
        if (present is null || !HostPath.AreSame(present.Path, oldPath))
        {
            throw new HypervisorException(
                HypervisorFailure.DiskNotAttached, name, $"{oldPath} was expected at {location}, but {(present is null ? "nothing" : present.Path)} is there.");
        }

        if (present.File is not { } file)
        {
            throw new HypervisorException(
                HypervisorFailure.DiskNotUsable, name, $"its disk at {location} is {present.Path}, no file: only a disk that is a file can be replaced.");
        }

        RequireHere(newPath);
        RequireFile(name, newPath, "the disk");
        await PutFileAsync(file, newPath, name, cancellation).ConfigureAwait(false);

        // Whoever started it in between started it on the old disk, or on the new one before it was meant: then the old disk stays its disk.
        VmPowerState state = StateOf(await FindAsync(vm, cancellation).ConfigureAwait(false));
        if (state != VmPowerState.Off)
        {
            throw await PutBackAsync(vm, file, oldPath, name, state).ConfigureAwait(false);
        }

        await RequireSwitchedAsync(vm, location, newPath, name, cancellation).ConfigureAwait(false);
        await KeepBootSourcesAsync(system, settings, name, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteDiskAsync(string path, CancellationToken cancellation)
    {
        RequireHere(path);
        IReadOnlyList<AttachedDisk> attached = await ListDisksAsync(cancellation).ConfigureAwait(false);
        if (attached.FirstOrDefault(disk => HostPath.AreSame(disk.Path, path)) is { } user)
        {
            throw new HypervisorException(HypervisorFailure.DiskAttached, path, $"it is attached to '{user.VmName}', and was not deleted.");
        }

        HostPath.FolderOf(_options.Files, path).Delete(Path.GetFileName(path));
    }

    private static bool IsGeneration2(CimRecord settings) => settings.Text(Names.SystemSettings.VirtualSystemSubType) == HyperVValues.Generation2;

    private async Task<IReadOnlyList<VmDrive>> ReadDrivesAsync(CimRecord settings, string name, CancellationToken cancellation) => VmDrives.Read(
        await ReadFilesAsync(settings, name, cancellation).ConfigureAwait(false),
        await ReadComponentsAsync(settings, Names.ResourceSettings.Class, name, cancellation).ConfigureAwait(false));

    /// <summary>
    /// The first place of each drive among what generation 2's firmware tries. A boot loader's own entry, a file, counts for the drive that
    /// Hyper-V says it is on.
    /// </summary>
    private async Task<IReadOnlyDictionary<DiskLocation, int>> OrderOfGeneration2Async(
        CimRecord settings, IReadOnlyList<VmDrive> drives, string name, CancellationToken cancellation)
    {
        List<string> sources = BootSourcesOf(settings).Select(SourceIdOf).ToList();
        var order = new Dictionary<DiskLocation, int>();
        foreach (VmDrive drive in drives)
        {
            IReadOnlyList<CimRecord> same = await _calls.AssociatorsAsync(
                drive.Drive.Path,
                new CimAssociation(
                    Names.LogicalIdentity.Class, Names.LogicalIdentity.SystemElement, Names.LogicalIdentity.SameElement, Names.BootSource.Class),
                name,
                "reading its boot order",
                cancellation).ConfigureAwait(false);
            int place = same
                .Select(source => sources.FindIndex(id => string.Equals(id, source.Text(Names.BootSource.InstanceId), StringComparison.OrdinalIgnoreCase)))
                .Where(index => index >= 0)
                .DefaultIfEmpty(-1)
                .Min();
            if (place >= 0)
            {
                order[drive.Location] = place;
            }
        }

        return order;
    }

    private static IReadOnlyList<string> BootSourcesOf(CimRecord settings) => settings.Texts(Names.SystemSettings.BootSourceOrder);

    private static string SourceIdOf(string path) =>
        CimPath.TryParse(path) is { } parsed && parsed.Keys.TryGetValue(Names.BootSource.InstanceId, out object? id) ? (string)id : path;

    private async Task PutFileAsync(CimRecord file, string path, string name, CancellationToken cancellation) => await _calls.DoAsync(
        await _calls.GetServiceAsync(name, cancellation).ConfigureAwait(false),
        Names.ManagementService.ModifyResourceSettings,
        new() { [Names.ManagementService.ResourceSettings] = new[] { CimXml.Write(file.With(Names.StorageSettings.HostResource, new[] { path })) } },
        name,
        "replacing its disk",
        cancellation).ConfigureAwait(false);

    private async Task<HypervisorException> PutBackAsync(VmKey vm, CimRecord file, string oldPath, string name, VmPowerState state)
    {
        string what = $"somebody else made it {state} while its disk was replaced";
        try
        {
            await PutFileAsync(file, oldPath, name, CancellationToken.None).ConfigureAwait(false);
            return new HypervisorException(HypervisorFailure.VmBusy, name, $"{what}; it has its old disk again.");
        }
        catch (HypervisorException failure)
        {
            return new HypervisorException(
                HypervisorFailure.OperationFailed, name, $"{what}, and the old disk {oldPath} could not be put back ({vm.VmId}): {failure.Message}", failure);
        }
    }

    private async Task RequireSwitchedAsync(VmKey vm, DiskLocation location, string newPath, string name, CancellationToken cancellation)
    {
        CimRecord settings = await ReadSettingsAsync(await FindAsync(vm, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        VmDrive? now = (await ReadDrivesAsync(settings, name, cancellation).ConfigureAwait(false)).SingleOrDefault(drive => drive.Location == location);
        if (now is null || !HostPath.AreSame(now.Path, newPath))
        {
            throw new HypervisorException(
                HypervisorFailure.OperationFailed,
                name,
                $"Hyper-V said that its disk at {location} was replaced by {newPath}, but {(now is null ? "nothing" : now.Path)} is there.");
        }
    }

    /// <summary>Puts the boot order of generation 2 right when a switch changed it: as it was, without what is gone, what is new behind.</summary>
    private async Task KeepBootSourcesAsync(CimRecord system, CimRecord before, string name, CancellationToken cancellation)
    {
        if (!IsGeneration2(before))
        {
            return;
        }

        CimRecord after = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        IReadOnlyList<string> now = BootSourcesOf(after);
        string[] wanted = BootSourcesOf(before).Where(now.Contains).Concat(now.Except(BootSourcesOf(before))).ToArray();
        if (!wanted.SequenceEqual(now))
        {
            await ModifySettingsAsync(after.With(Names.SystemSettings.BootSourceOrder, wanted), name, "putting its boot order right", cancellation)
                .ConfigureAwait(false);
        }
    }

    private async Task RequireFilesAsync(CimRecord system, CancellationToken cancellation)
    {
        CimRecord settings = await ReadSettingsAsync(system, cancellation).ConfigureAwait(false);
        foreach (CimRecord file in (await ReadFilesAsync(settings, NameOf(system), cancellation).ConfigureAwait(false)).Where(VmDrives.IsHardDisk))
        {
            RequireFile(NameOf(system), VmDrives.PathOf(file), "its disk");
        }
    }

    /// <summary>A path of another host may be one here as well, and would be another file.</summary>
    private void RequireHere(string path)
    {
        if (!DisksAreHere)
        {
            throw new HypervisorException(
                HypervisorFailure.DiskNotReachable,
                path,
                $"it is on {HostName}, and a path there is never opened here. Run the command there: Invoke-Command -ComputerName {HostName} {{ ... }}.");
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
