using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;

namespace VmUpdate.Lab;

public sealed partial class LabHypervisor
{
    /// <inheritdoc/>
    public Task<VmKey> CreateAsync(BuildMachine machine, CancellationToken cancellation)
    {
        LabCall call = Begin("CreateMachine", machine.Model, cancellation);
        LabMachineState model = Read(machine.Model);
        LabDisk boot = model.Disks.FirstOrDefault(disk => LocationOf(disk) == machine.Location) ?? throw new HypervisorException(
            HypervisorFailure.DiskNotAttached, model.Name, $"a disk was expected at {machine.Location}, but nothing is there.");
        HostPath.RequireFile(DiskFiles, machine.Name, machine.DiskPath, "the disk");
        Guid id = _options.Ids.NewGuid();
        LabFiles.Write(_machines, RecordName(id), new LabMachineState
        {
            Id = id,
            Name = machine.Name,
            Disks = [boot with { Path = machine.DiskPath }],
            Marks = new Dictionary<string, string> { [VmMarks.Build] = machine.BuildId.ToString("D") },
            MemoryBytes = model.MemoryBytes,
            Volume = model.Volume,
        });
        return Ended(call, new VmKey(HostId, id));
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("RemoveMachine", vm, cancellation);
        try
        {
            LabMachineState machine = Read(vm);
            if (!machine.Marks.ContainsKey(VmMarks.Build))
            {
                throw new HypervisorException(
                    HypervisorFailure.NotABuildMachine, machine.Name, "it was not made for a piece of work, and was not taken away.");
            }

            foreach (LabGuestJob job in machine.Jobs)
            {
                PayloadFolder.Delete(job.PayloadName(vm.VmId));
            }

            using (await LabFiles.LockAsync(_machines, RecordName(vm.VmId), _options.Clock, cancellation).ConfigureAwait(false))
            {
                await LabFiles.DeleteAsync(_machines, RecordName(vm.VmId), _options.Clock, cancellation).ConfigureAwait(false);
            }
        }
        catch (HypervisorException gone) when (gone.Failure == HypervisorFailure.VmNotFound)
        {
            // That is what was asked for.
        }

        _options.AfterCall?.Invoke(call);
    }

    /// <summary>All records of machines; one that is taken away meanwhile is none of them.</summary>
    private IEnumerable<LabMachineState> ReadMachines()
    {
        foreach (string name in LabFiles.Names(_machines))
        {
            LabMachineState machine;
            try
            {
                machine = LabFiles.Read<LabMachineState>(_machines, name);
            }
            catch (HostFileException gone) when (gone.Failure == HostFileFailure.NotFound)
            {
                continue;
            }

            yield return machine;
        }
    }
}
