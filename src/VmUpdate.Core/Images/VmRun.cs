using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>What one call does to one machine: it ends what an earlier call left open, checks, and swaps.</summary>
internal sealed class VmRun
{
    private readonly RunContext _run;
    private readonly UpdaterServices _services;
    private readonly LeaseHolder _owner;
    private readonly VmTarget _target;
    private readonly Action<SwapState> _report;

    public VmRun(RunContext run, LeaseHolder owner, VmTarget target, Action<SwapState> report)
    {
        _run = run;
        _services = run.Services;
        _owner = owner;
        _target = target;
        _report = report;
    }

    /// <summary>The result for a machine to which nothing was done.</summary>
    public static PooledVmUpdateResult Without(VmTarget target, PooledVmUpdateState state, VmUpdateException? failure) => new()
    {
        VMName = target.Name,
        VMId = target.Key.VmId,
        Key = target.Key,
        State = state,
        ErrorId = failure?.Code ?? string.Empty,
        Error = failure?.Message ?? string.Empty,
        Exception = failure,
    };

    public async Task<PooledVmUpdateResult> WorkAsync(CancellationToken cancellation)
    {
        TimeSpan began = _services.Clock.Monotonic;
        SwapRecord? open = _services.Store.FindOpenSwap(_target.Key);
        try
        {
            if (open is not null)
            {
                (PooledVmUpdateResult? result, open) = await ResumeAsync(open, cancellation).ConfigureAwait(false);
                if (result is not null)
                {
                    return result;
                }
            }
        }
        catch (VmUpdateException failure)
        {
            return Without(_target, PooledVmUpdateState.Failed, failure) with { Duration = _services.Clock.Monotonic - began };
        }

        using SwapCheck check = await new SwapChecker(_run).CheckAsync(_target, cancellation).ConfigureAwait(false);
        if (check.Refusal is { } refusal)
        {
            PooledVmUpdateResult result = open is null
                ? Without(_target, PooledVmUpdateState.Blocked, refusal)
                : await UndoAsync(open, check, refusal).ConfigureAwait(false);
            return result with { Pool = check.Pool?.Name ?? string.Empty, From = check.From, To = check.ParentPath, DiskPath = check.BootDisk?.Path ?? string.Empty };
        }

        if (check.IsCurrent)
        {
            return Without(_target, PooledVmUpdateState.Current, null) with
            {
                Pool = check.Pool!.Name,
                From = check.From,
                To = check.ParentPath,
                DiskPath = check.BootDisk!.Path,
                Revision = check.Revision?.Number ?? 0,
                Duration = _services.Clock.Monotonic - began,
            };
        }

        SwapRecord record = open ?? VmSwap.Plan(check, _run, _owner);
        using var swap = new VmSwap(record, _target, check.Pool!, _run, _report);
        return await swap.RunAsync(check, cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends a swap that an earlier call left open, or says how to go on with it.</summary>
    /// <returns>The call's result, when that is it; else the swap to begin anew with the same record, or null for a new one.</returns>
    private async Task<(PooledVmUpdateResult? Result, SwapRecord? Open)> ResumeAsync(SwapRecord open, CancellationToken cancellation)
    {
        PoolRecord pool = _services.Store.FindPool(open.Vm.HostId, open.Pool)
            ?? new PoolRecord(open.Pool, open.Vm.HostId, string.Empty, PoolRecord.DefaultKeepOldDisksFor);
        using var swap = new VmSwap(open, _target, pool, _run, _report);
        if (_target.Machine is not { } machine)
        {
            await swap.UndoOpenAsync("the machine is gone").ConfigureAwait(false);
            return (null, null);
        }

        IReadOnlyList<VmDisk> disks = await _services.Hypervisor.GetDisksAsync(open.Vm, cancellation).ConfigureAwait(false);
        string attached = disks.SingleOrDefault(disk => disk.Location == open.Location)?.Path ?? string.Empty;
        bool isRollingBack = open.State == SwapState.RolledBack && machine.State == VmPowerState.Off;
        if (HostPath.AreSame(attached, open.NewPath) && open.State >= SwapState.DiskSwitched && !isRollingBack)
        {
            return (await FinishAsync(swap, open, cancellation).ConfigureAwait(false), null);
        }

        if (HostPath.AreSame(attached, open.OldPath) && open.State <= SwapState.DiskSwitched && HasSameGoal(open))
        {
            return (null, open);
        }

        await swap.UndoOpenAsync("begun by another call").ConfigureAwait(false);
        return (null, null);
    }

    private async Task<PooledVmUpdateResult?> FinishAsync(VmSwap swap, SwapRecord open, CancellationToken cancellation)
    {
        PooledVmUpdateResult result = await swap.FinishAsync(cancellation).ConfigureAwait(false);
        if (HasSameGoal(open))
        {
            return result;
        }

        // Another disk is asked for: the one that the machine is on need not be verified first, it is left anyway.
        if (result.Exception is SwapException { Failure: SwapFailure.GuestSilent or SwapFailure.GuestDiffers })
        {
            await swap.CommitUnverifiedAsync().ConfigureAwait(false);
            return null;
        }

        return result.State is PooledVmUpdateState.Updated or PooledVmUpdateState.RolledBack ? null : result;
    }

    /// <summary>Puts a machine back whose open swap may not go on.</summary>
    private async Task<PooledVmUpdateResult> UndoAsync(SwapRecord open, SwapCheck check, VmUpdateException refusal)
    {
        check.Dispose();
        check.Old = null;
        using var swap = new VmSwap(open, _target, check.Pool ?? new PoolRecord(open.Pool, open.Vm.HostId, string.Empty, default), _run, _report);
        return await swap.RollBackAsync(refusal).ConfigureAwait(false);
    }

    private bool HasSameGoal(SwapRecord open)
    {
        if (open.Direction != _run.Direction)
        {
            return false;
        }

        if (_run.Direction != SwapDirection.Update)
        {
            return true;
        }

        string master = _run.Options.MasterPath ?? _services.Store.FindPool(open.Vm.HostId, open.Pool)?.MasterPath ?? string.Empty;
        return HostPath.AreSame(master, open.ParentPath);
    }
}
