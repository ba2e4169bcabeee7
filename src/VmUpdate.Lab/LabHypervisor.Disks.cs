using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

public sealed partial class LabHypervisor
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<VmDisk>> GetDisksAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("GetDisks", vm, cancellation);
        IReadOnlyList<VmDisk> disks = Read(vm).Disks
            .OrderBy(disk => disk.Controller).ThenBy(disk => disk.ControllerNumber).ThenBy(disk => disk.Slot)
            .Select(disk => new VmDisk(LocationOf(disk), FullPath(disk), disk.BootOrder))
            .ToList();
        return Ended(call, disks);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttachedDisk>> ListDisksAsync(CancellationToken cancellation)
    {
        LabCall call = Begin("ListDisks", null, cancellation);
        IReadOnlyList<AttachedDisk> disks = ReadMachines()
            .SelectMany(machine => machine.Disks.Select(disk => new AttachedDisk(new VmKey(HostId, machine.Id), machine.Name, FullPath(disk))))
            .ToList();
        return Ended(call, disks);
    }

    /// <inheritdoc/>
    public async Task SwitchDiskAsync(VmKey vm, DiskLocation location, string oldPath, string newPath, CancellationToken cancellation)
    {
        LabCall call = Begin("SwitchDisk", vm, cancellation);
        await ChangeAsync(
            vm,
            machine =>
            {
                Require(machine, VmPowerState.Off);
                LabDisk? present = machine.Disks.SingleOrDefault(disk => LocationOf(disk) == location);
                if (present is null || !HostPath.AreSame(FullPath(present), oldPath))
                {
                    throw new HypervisorException(
                        HypervisorFailure.DiskNotAttached,
                        machine.Name,
                        $"{oldPath} was expected at {location}, but {(present is null ? "nothing" : FullPath(present))} is there.");
                }

                HostPath.RequireFile(DiskFiles, machine.Name, newPath, "the disk");
                LabDisk switched = present with { Path = newPath };
                return machine with { Disks = machine.Disks.Select(disk => disk == present ? switched : disk).ToList() };
            },
            cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public Task DeleteDiskAsync(string path, CancellationToken cancellation)
    {
        LabCall call = Begin("DeleteDisk", null, cancellation);
        foreach (LabMachineState machine in ReadMachines())
        {
            if (machine.Disks.Any(disk => HostPath.AreSame(FullPath(disk), path)))
            {
                throw new HypervisorException(HypervisorFailure.DiskAttached, path, $"it is attached to '{machine.Name}', and was not deleted.");
            }
        }

        HostPath.FolderOf(DiskFiles, path).Delete(Path.GetFileName(path));
        return Ended(call, true);
    }

    private static DiskLocation LocationOf(LabDisk disk) => new(disk.Controller, disk.ControllerNumber, disk.Slot);

    // Relative, so that a lab may be moved or copied as a whole.
    private string FullPath(LabDisk disk) => Path.GetFullPath(Path.Combine(Folder, disk.Path));
}
