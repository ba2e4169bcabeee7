using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>
/// One machine's swap, step by step. Until the disk is switched everything that is made can be thrown away: a swap that stopped there is
/// begun anew with the same record, or undone. From the switch on the only way is forward, except that a machine which was never started
/// on its new disk is put back on the old one.
/// </summary>
internal sealed partial class VmSwap : IDisposable
{
    // What nobody foresaw is not undone, since nobody knows what it left: the swap stays open, and the next call looks afresh.
    private const string BugId = "Bug";

    private readonly RunContext _run;
    private readonly UpdaterServices _services;
    private readonly SwapJournal _journal;
    private readonly VmTarget _target;
    private readonly PoolRecord _pool;
    private readonly TimeSpan _began;
    private VhdxDisk? _newDisk;
    private GuestImage? _old;
    private IdentityPlan? _plan;
    private IdentityBundle? _bundle;
    private TimeSpan? _stoppedAt;
    private TimeSpan _downtime;
    private string _verifiedBy = string.Empty;
    private readonly List<string> _warnings = [];

    public VmSwap(SwapRecord swap, VmTarget target, PoolRecord pool, RunContext run, Action<SwapState> report)
    {
        _target = target;
        _pool = pool;
        _run = run;
        _services = run.Services;
        _journal = new SwapJournal(swap, run.Services.Store, run.Services.Clock, report);
        _began = run.Services.Clock.Monotonic;
    }

    private SwapRecord Swap => _journal.Swap;

    private IHypervisor Hypervisor => _services.Hypervisor;

    /// <summary>A new swap's record, for a machine that passed the checks.</summary>
    public static SwapRecord Plan(SwapCheck check, RunContext run, LeaseHolder owner) => Plan(check, run, owner, run.Services.Ids.NewGuid());

    /// <summary>Goes all the way from the beginning.</summary>
    /// <param name="check">The checks' result; what it holds of the machine's disk passes over to the swap.</param>
    /// <param name="cancellation">Looked at until the disk is switched.</param>
    /// <returns>The result. A bug is thrown; everything foreseen is in the result.</returns>
    public async Task<PooledVmUpdateResult> RunAsync(SwapCheck check, CancellationToken cancellation)
    {
        _old = check.Old;
        _plan = check.Plan;
        check.Old = null;
        foreach (PreflightFinding finding in check.Findings)
        {
            _warnings.Add(finding.Reason);
        }

        try
        {
            PrepareNewDisk(check.Parent!, cancellation);
            await StopAsync(cancellation).ConfigureAwait(false);
            PreserveIdentity(check.Parent!);
            RestoreIdentity();
            cancellation.ThrowIfCancellationRequested();
            await SwitchDiskAsync().ConfigureAwait(false);
        }
        catch (VmUpdateException failure)
        {
            return await RollBackAsync(failure).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            var canceled = new SwapException(SwapFailure.Canceled, _target.Name, "the run was ended before its disk was switched.");
            return await RollBackAsync(canceled).ConfigureAwait(false);
        }
        catch (Exception bug)
        {
            NoteFailure(BugId, bug.ToString());
            throw;
        }

        return await FinishAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Goes on from the switched disk.</summary>
    /// <param name="cancellation">Ends the wait for the guest; the swap then stays open.</param>
    /// <returns>The result.</returns>
    public async Task<PooledVmUpdateResult> FinishAsync(CancellationToken cancellation)
    {
        try
        {
            ReleaseDisks();
            if (await StartAsync().ConfigureAwait(false) is { } failure)
            {
                return await RollBackAsync(failure).ConfigureAwait(false);
            }

            await VerifyAsync(cancellation).ConfigureAwait(false);
            return Result(PooledVmUpdateState.Updated, null);
        }
        catch (VmUpdateException failure)
        {
            NoteFailure(failure);
            return Result(PooledVmUpdateState.Failed, failure);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            var canceled = new SwapException(
                SwapFailure.Canceled, _target.Name, "the run was ended before the guest had answered.", "Make the same call again.");
            NoteFailure(canceled);
            return Result(PooledVmUpdateState.Failed, canceled);
        }
        catch (Exception bug)
        {
            NoteFailure(BugId, bug.ToString());
            throw;
        }
    }

    public void Dispose() => ReleaseDisks();

    private static SwapRecord Plan(SwapCheck check, RunContext run, LeaseHolder owner, Guid id)
    {
        VmDisk disk = check.BootDisk!;
        return new SwapRecord
        {
            Id = id,
            Vm = check.Target.Key,
            VmName = check.Target.Name,
            Pool = check.Pool!.Name,
            Direction = run.Direction,
            Location = disk.Location,
            OldPath = disk.Path,
            OldParentPath = check.From,
            NewPath = DiskNames.Next(disk.Path, check.Target.Name, check.NextRevision, id),
            ParentPath = check.Parent!.Path,
            ParentDataWriteGuid = check.Parent.DataWriteGuid,
            OldRevision = check.Revision?.Number ?? check.NextRevision - 1,
            NewRevision = check.NextRevision,
            PowerFound = check.Target.Machine!.State,
            Owner = owner.Owner,
            ProcessId = owner.ProcessId,
            Began = run.Services.Clock.UtcNow,
            BundleId = IdentitySource.For(run) is null ? string.Empty : id.ToString("N"),
        };
    }

    private void ReleaseDisks()
    {
        _bundle?.Dispose();
        _bundle = null;
        _newDisk?.Dispose();
        _newDisk = null;
        _old?.Dispose();
        _old = null;
    }

    private void NoteFailure(VmUpdateException failure) => NoteFailure(failure.Code, failure.Message);

    private void NoteFailure(string id, string message)
    {
        try
        {
            _journal.Note(swap => swap with { ErrorId = id, Error = message });
            _journal.Save();
        }
        catch (StoreException)
        {
            // The result says what failed; a store that cannot be written has said so there, too.
        }
    }

    private PooledVmUpdateResult Result(PooledVmUpdateState state, VmUpdateException? failure)
    {
        bool isMoved = state == PooledVmUpdateState.Updated || (state == PooledVmUpdateState.Failed && Swap.State is >= SwapState.VmStarted and not SwapState.RolledBack);
        return new PooledVmUpdateResult
        {
            VMName = _target.Name,
            VMId = _target.Key.VmId,
            Key = _target.Key,
            Pool = _pool.Name,
            State = state,
            From = Swap.OldParentPath,
            To = Swap.ParentPath,
            Revision = isMoved ? Swap.NewRevision : Swap.OldRevision,
            DiskPath = isMoved ? Swap.NewPath : Swap.OldPath,
            OldDisk = isMoved ? Swap.OldPath : string.Empty,
            KeptUntil = state == PooledVmUpdateState.Updated ? _keptUntil : null,
            Duration = _services.Clock.Monotonic - _began,
            Downtime = _downtime,
            UsersLoggedOff = Swap.UsersLoggedOff,
            SetsCarried = isMoved ? Swap.SetsCarried : [],
            SetsStripped = isMoved ? Swap.SetsStripped : [],
            SetsLost = isMoved ? Swap.SetsLost : [],
            VerifiedBy = _verifiedBy,
            Warnings = _warnings,
            ErrorId = failure?.Code ?? string.Empty,
            Error = failure?.Message ?? string.Empty,
            Exception = failure,
        };
    }

}
