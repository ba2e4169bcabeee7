using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Lab;

public sealed partial class LabHypervisor
{
    /// <inheritdoc/>
    public Task StartAsync(VmKey vm, CancellationToken cancellation) => GoAsync(
        "Start",
        vm,
        VmPowerState.Running,
        "started",
        machine =>
        {
            Require(machine, VmPowerState.Off, VmPowerState.Saved);
            if (machine.Behavior.StartFails)
            {
                throw new HypervisorException(HypervisorFailure.OperationFailed, machine.Name, "the host failed to start it.");
            }

            RequireUsableDisks(machine);
            return machine.State == VmPowerState.Saved ? Timings.Restore : Timings.Start;
        },
        cancellation);

    /// <inheritdoc/>
    public async Task ShutDownAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        LabCall call = Begin("ShutDown", vm, cancellation);
        LabMachineState asked = Read(vm);
        Require(asked, VmPowerState.Running);
        if (asked.Behavior.ShutdownRefused)
        {
            throw new HypervisorException(HypervisorFailure.ShutdownRefused, asked.Name, "its guest refused to shut down.");
        }

        if (asked.Behavior.ShutdownHangs || Timings.ShutDown > timeout)
        {
            await _options.Clock.Delay(timeout, cancellation).ConfigureAwait(false);
            throw new HypervisorException(
                HypervisorFailure.ShutdownTimedOut,
                asked.Name,
                $"its guest did not shut down within {timeout.TotalSeconds:0} seconds. It was not turned off; it may still shut down later.");
        }

        await LeaveWhatTasksDidAsync(vm, asked, cancellation).ConfigureAwait(false);
        await TransitAsync(vm, VmPowerState.Off, "shut down", After(Timings.ShutDown, VmPowerState.Running), cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public Task SaveAsync(VmKey vm, CancellationToken cancellation) =>
        GoAsync("Save", vm, VmPowerState.Saved, "saved", After(Timings.Save, VmPowerState.Running, VmPowerState.Paused), cancellation);

    /// <inheritdoc/>
    public Task PauseAsync(VmKey vm, CancellationToken cancellation) =>
        GoAsync("Pause", vm, VmPowerState.Paused, "paused", After(Timings.Save, VmPowerState.Running), cancellation);

    /// <inheritdoc/>
    public Task ResumeAsync(VmKey vm, CancellationToken cancellation) =>
        GoAsync("Resume", vm, VmPowerState.Running, "resumed", After(Timings.Restore, VmPowerState.Paused), cancellation);

    private Func<LabMachineState, TimeSpan> After(TimeSpan time, params VmPowerState[] allowed) => machine =>
    {
        Require(machine, allowed);
        return time;
    };

    private async Task GoAsync(
        string operation, VmKey vm, VmPowerState target, string done, Func<LabMachineState, TimeSpan> check, CancellationToken cancellation)
    {
        LabCall call = Begin(operation, vm, cancellation);
        await TransitAsync(vm, target, done, check, cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    private async Task TransitAsync(
        VmKey vm, VmPowerState target, string done, Func<LabMachineState, TimeSpan> check, CancellationToken cancellation)
    {
        TimeSpan time = TimeSpan.Zero;
        if (Read(vm).Behavior.HostHangs)
        {
            await _options.Clock.Delay(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false);
        }

        await ChangeAsync(
            vm,
            machine =>
            {
                time = check(machine);
                return Moved(machine, target, time);
            },
            cancellation).ConfigureAwait(false);
        if (time > TimeSpan.Zero)
        {
            await _options.Clock.Delay(time, cancellation).ConfigureAwait(false);

            // The delay may end a moment before the wall clock says so.
            while (StateOf(Read(vm)) == VmPowerState.Changing)
            {
                await _options.Clock.Delay(TimeSpan.FromMilliseconds(1), cancellation).ConfigureAwait(false);
            }
        }

        VmPowerState reached = StateOf(Read(vm));
        if (reached != target)
        {
            throw new HypervisorException(HypervisorFailure.VmBusy, vm.ToString(), $"it was to be {done}, but somebody else made it {reached}.");
        }
    }

    /// <summary>A machine on its way to a state. Its guest works on while it runs, and stands still while it does not.</summary>
    private LabMachineState Moved(LabMachineState machine, VmPowerState target, TimeSpan time)
    {
        DateTime now = _options.Clock.UtcNow;
        bool begins = target == VmPowerState.Running && machine.State != VmPowerState.Running;
        return Paused(machine, now) with
        {
            State = target,
            SettledUtc = time > TimeSpan.Zero ? now + time : default,
            GuestSinceUtc = begins ? now + time + Timings.Guest : machine.GuestSinceUtc,
            Sessions = target == VmPowerState.Off ? machine.Sessions.Where(session => !IsThere(machine, session, now)).ToList() : machine.Sessions,
        };
    }

    private void Require(LabMachineState machine, params VmPowerState[] allowed)
    {
        VmPowerState state = StateOf(machine);
        if (!allowed.Contains(state))
        {
            throw new HypervisorException(
                HypervisorFailure.VmBusy, machine.Name, $"it is {state}; it would have to be {string.Join(" or ", allowed)}.");
        }
    }

    private void RequireUsableDisks(LabMachineState machine)
    {
        if (machine.Disks.Count == 0)
        {
            throw new HypervisorException(HypervisorFailure.DiskNotAttached, machine.Name, "it has no disk to start from.");
        }

        foreach (LabDisk disk in machine.Disks)
        {
            string path = FullPath(disk);
            try
            {
                // As a real host: it holds each disk for itself alone, and its parents must be what they were.
                HostPath.FolderOf(DiskFiles, path).Open(Path.GetFileName(path), HostFileMode.ReadWrite).Dispose();
                VhdxDisk.Open(path, new VhdxOpenOptions { Files = DiskFiles }).Dispose();
            }
            catch (VmUpdateException failure) when (failure is HostFileException or DiskFormatException)
            {
                throw new HypervisorException(
                    HypervisorFailure.DiskNotUsable, machine.Name, $"its disk cannot be used: {failure.Message}", failure);
            }
        }
    }
}
