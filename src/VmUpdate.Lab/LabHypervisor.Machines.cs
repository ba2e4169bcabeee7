using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

public sealed partial class LabHypervisor
{
    /// <summary>Makes a machine that is off.</summary>
    /// <param name="name">Its name; another may have the same.</param>
    /// <param name="disks">Its disks; the files need not be there before it is started.</param>
    /// <param name="id">Its id; a new one when <see langword="null"/>.</param>
    /// <returns>The machine's key.</returns>
    public VmKey AddMachine(string name, IReadOnlyList<LabDisk> disks, Guid? id = null)
    {
        Guid machine = id ?? _options.Ids.NewGuid();
        LabFiles.Write(_machines, RecordName(machine), new LabMachineState { Id = machine, Name = name, Disks = disks });
        return new VmKey(HostId, machine);
    }

    /// <summary>Sets a machine's power state at once, as if it had been so.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="state">The state; not <see cref="VmPowerState.Changing"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetStateAsync(VmKey vm, VmPowerState state, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => Moved(machine, state, TimeSpan.Zero), cancellation);

    /// <summary>Sets until when a machine is changing.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="until">The time, in UTC.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetChangingAsync(VmKey vm, DateTime until, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { SettledUtc = until }, cancellation);

    /// <summary>Sets whether a machine has checkpoints.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="hasCheckpoints">Whether it has.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetCheckpointsAsync(VmKey vm, bool hasCheckpoints, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { HasCheckpoints = hasCheckpoints }, cancellation);

    /// <summary>Sets which other system manages a machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="managedBy">The system; empty for none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetManagedByAsync(VmKey vm, string managedBy, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { ManagedBy = managedBy }, cancellation);

    /// <summary>Sets who is logged on to a machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="sessions">The sessions.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetSessionsAsync(VmKey vm, IReadOnlyList<LabSession> sessions, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { Sessions = sessions }, cancellation);

    /// <summary>Sets what a machine does wrong.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="behavior">What.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is set.</returns>
    public Task SetBehaviorAsync(VmKey vm, LabBehavior behavior, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { Behavior = behavior }, cancellation);

    /// <summary>What a machine does wrong.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>What.</returns>
    public LabBehavior GetBehavior(VmKey vm) => Read(vm).Behavior;

    /// <summary>Sets a machine's disks, whatever its state, as somebody who works past VmUpdate would.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="disks">The disks.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when they are set.</returns>
    public Task SetDisksAsync(VmKey vm, IReadOnlyList<LabDisk> disks, CancellationToken cancellation) =>
        ChangeAsync(vm, machine => machine with { Disks = disks }, cancellation);
}
