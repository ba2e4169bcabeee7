using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Versions;

/// <content>The build machine: made, given its task, stopped, taken away.</content>
internal sealed partial class VersionBuild
{
    private static readonly TimeSpan TidyTime = TimeSpan.FromSeconds(30);

    private VhdxCreateOptions CreateOptions => new()
    {
        Files = _images.Files,
        NewGuid = _images.Ids.NewGuid,
        AllowedParentFolders = _images.AllowedParentFolders,
    };

    private void PrepareDisk(CancellationToken cancellation)
    {
        _journal.Begin(BuildState.DiskPrepared, $"{Build.DiskPath}, {(Hypervisor.HasDifferencingDisks ? "a child" : "a copy")} of {Build.MasterPath}");
        using VhdxDisk disk = Hypervisor.HasDifferencingDisks
            ? VhdxDisk.CreateDifferencing(Build.DiskPath, Build.MasterPath, CreateOptions)
            : VhdxDisk.CreateCopy(Build.DiskPath, Build.MasterPath, CreateOptions, cancellation);
        disk.Complete();
    }

    private async Task MakeMachineAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _journal.Begin(BuildState.MachineMade, Build.VmName);
        VmKey vm = await Machines.CreateAsync(
            new BuildMachine(Build.Id, Build.VmName, Build.Model, Build.Location, Build.DiskPath, Build.HasNetwork), CancellationToken.None).ConfigureAwait(false);
        _journal.Note(build => build with { Vm = vm });
    }

    private async Task GiveTaskAsync(TaskPayload payload, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        VmKey vm = Build.Vm!.Value;
        VmFootprint footprint = await _services.Broker.Metrics.GetFootprintAsync(vm, cancellation).ConfigureAwait(false);
        UpdateTask task = Build.Task with { Targets = new TaskTargets { Ids = [vm.VmId] }, Registered = _images.Clock.UtcNow };

        // The machine is declared to be nothing, so that no other task ever takes it; this one names it by its id.
        var machine = new TargetMachine(vm, Build.VmName, TargetKinds.None, null, footprint.MemoryBytes);
        UpdateRun run = RunPlanner.First(task, [machine], StartJitter.SeedOf(Build.HostId), TimeSpan.Zero).Single();
        _journal.Note(build => build with { Task = task, RunId = run.Id });
        _journal.Begin(BuildState.TaskGiven, task.Name, transaction => transaction.AddTask(Build.HostId, task, payload, [run]));
        new TaskService(_services.Broker).WakeBroker();
    }

    private async Task PerformTaskAsync(CancellationToken cancellation)
    {
        UpdateRun run = await Performing(Build.Vm!.Value, Build.RunId!.Value).PerformAsync(cancellation).ConfigureAwait(false);
        if ((run.Outcome ?? run.State) != RunState.Succeeded)
        {
            throw new VersionException(
                VersionFailure.BuildTaskFailed,
                Build.Pool,
                $"the task for its version {Build.Number} ended as {run.Outcome ?? run.State} ({run.Reason}): {run.Detail}.{KeptDisk}");
        }

        _journal.Note(build => build with
        {
            Result = run.Detail,
            Warnings = run.IsRestartPending ? [.. build.Warnings, "The guest needs a restart that was not done: every machine made from the version will need it."] : build.Warnings,
        });
    }

    private BuildTask Performing(VmKey vm, Guid run) => new(_services.Broker, Build.Task, run, vm, _journal.Report);

    private string KeptDisk => Build.KeepFailedDisk ? $" The disk that it ran on is kept: {Build.DiskPath}." : string.Empty;

    /// <summary>The broker has put the machine back to off, as it found it, unless somebody logged on in it.</summary>
    private async Task StopMachineAsync(CancellationToken cancellation)
    {
        _journal.Begin(BuildState.MachineStopped, Build.VmName);
        if (await FindMachineAsync().ConfigureAwait(false) is not { } vm)
        {
            return; // taken away by a call before this one
        }

        VirtualMachine machine = await Hypervisor.GetAsync(vm, cancellation).ConfigureAwait(false);
        switch (machine.State)
        {
            case VmPowerState.Off:
                return;
            case VmPowerState.Saved:
                await Hypervisor.StartAsync(vm, cancellation).ConfigureAwait(false);
                break;
            case VmPowerState.Paused:
                await Hypervisor.ResumeAsync(vm, cancellation).ConfigureAwait(false);
                break;
        }

        await Hypervisor.ShutDownAsync(vm, Build.Task.Timeouts.CleanStop, cancellation).ConfigureAwait(false);
    }

    /// <summary>The build machine; also one that a process made which died before it could write down which.</summary>
    private async Task<VmKey?> FindMachineAsync()
    {
        foreach (VirtualMachine machine in await Hypervisor.ListAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if ((machine.Key == Build.Vm || machine.Name == Build.VmName) && await IsOursAsync(machine.Key).ConfigureAwait(false))
            {
                return machine.Key;
            }
        }

        return null;
    }

    private async Task<bool> IsOursAsync(VmKey vm) =>
        (await Hypervisor.GetMarksAsync(vm, CancellationToken.None).ConfigureAwait(false)).TryGetValue(VmMarks.Build, out string? mark)
        && mark == Build.Id.ToString("D");

    private async Task RemoveMachineAsync()
    {
        if (await FindMachineAsync().ConfigureAwait(false) is { } vm)
        {
            await Machines.RemoveAsync(vm, CancellationToken.None).ConfigureAwait(false);
        }

        if (Build.RunId is { } run && Build.Vm is { } made)
        {
            await ForgetTaskAsync(made, run).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the task away. Its run, if it has not ended, ends when a broker sees that the machine is gone.</summary>
    private async Task ForgetTaskAsync(VmKey vm, Guid run)
    {
        if (_images.Store.FindTask(Build.HostId, Build.Task.Name) is { } task)
        {
            _images.Store.Write(transaction => transaction.RemoveTask(Build.HostId, task.Task.Id, _images.Clock.UtcNow));
        }

        using var patience = new CancellationTokenSource();
        Task ending = Performing(vm, run).PerformAsync(patience.Token);
        using var cut = new CancellationTokenSource();
        await Task.WhenAny(ending, _images.Clock.Delay(TidyTime, cut.Token)).ConfigureAwait(false);
        patience.Cancel();
        cut.Cancel();
        try
        {
            await ending.ConfigureAwait(false);
        }
        catch (Exception late) when (late is OperationCanceledException or VersionException)
        {
            // The next broker on this host writes the end down.
        }
    }
}
