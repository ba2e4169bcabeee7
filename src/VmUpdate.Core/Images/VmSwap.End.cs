using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <content>How a swap ends: verified and committed, or rolled back.</content>
internal sealed partial class VmSwap
{
    private const string ByGuest = "Guest";
    private const string ByDisk = "Disk";

    private DateTime? _keptUntil;

    private async Task VerifyAsync(CancellationToken cancellation)
    {
        GuestReply reply = GuestReply.Unavailable;
        if (Swap.PowerFound != VmPowerState.Off && _services.Guests is { } guests)
        {
            reply = await AskGuestAsync(guests, cancellation).ConfigureAwait(false);
        }

        switch (reply.Kind)
        {
            case GuestReplyKind.Silent:
                throw new SwapException(
                    SwapFailure.GuestSilent,
                    _target.Name,
                    $"its guest did not answer within {_run.Options.GuestTimeout}. It is on its new disk.",
                    "Look at it; then make the same call again, or go back with Restore-PooledVmImage.");
            case GuestReplyKind.Answered when !IsExpectedName(reply.ComputerName):
                throw new SwapException(
                    SwapFailure.GuestDiffers,
                    _target.Name,
                    $"its guest calls itself {reply.ComputerName}; {Swap.ComputerName} was expected. It is on its new disk.",
                    "Look at it; then make the same call again, or go back with Restore-PooledVmImage.");
        }

        _verifiedBy = reply.Kind == GuestReplyKind.Answered ? ByGuest : ByDisk;
        await PutBackPowerAsync().ConfigureAwait(false);
        await RenewCheckpointAsync(cancellation).ConfigureAwait(false);
        Commit(_verifiedBy);
    }

    private async Task<GuestReply> AskGuestAsync(IGuestChannel guests, CancellationToken cancellation)
    {
        VirtualMachine machine = await Hypervisor.GetAsync(_target.Key, cancellation).ConfigureAwait(false);
        if (Swap.State is SwapState.Verified or SwapState.CheckpointRenewed && machine.State == Swap.PowerFound && machine.State != VmPowerState.Running)
        {
            // An earlier call died when it had put the machine back already, which it does only after the guest's answer.
            return new GuestReply(GuestReplyKind.Answered, Swap.ComputerName);
        }

        _journal.Begin((SwapState.Verified, string.Empty));
        return await guests.GetComputerNameAsync(_target.Key, _run.Options.GuestTimeout, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes the checkpoint anew that another system takes the machine back to: until then that system would bring the former disk back. An
    /// earlier call that died in it may have taken the old one away already; then the journal knows its name.
    /// </summary>
    private async Task RenewCheckpointAsync(CancellationToken cancellation)
    {
        if (Hypervisor is not IRollbackCheckpoints checkpoints || Hypervisor is not IMachineTraits host)
        {
            return;
        }

        string name = _services.Store.GetSteps(Swap.Id).LastOrDefault(step => step.State == SwapState.CheckpointRenewed)?.Note
            ?? (await host.GetTraitsAsync(_target.Key, cancellation).ConfigureAwait(false)).RollbackCheckpoint;
        if (name.Length == 0)
        {
            return;
        }

        _journal.Begin((SwapState.CheckpointRenewed, name));
        await checkpoints.RenewRollbackCheckpointAsync(_target.Key, name, cancellation).ConfigureAwait(false);
    }

    private bool IsExpectedName(string name) =>
        Swap.ComputerName.Length == 0 || string.Equals(name, Swap.ComputerName, StringComparison.OrdinalIgnoreCase);

    private void Commit(string verifiedBy)
    {
        RetainBundle();
        DateTime now = _services.Clock.UtcNow;
        DateTime keptUntil = now + _pool.KeepOldDisksFor;
        IReadOnlyList<DiskRevision> known = _services.Store.GetRevisions(_target.Key);
        var steps = new List<(SwapState State, string Note)>();
        if (Swap.State < SwapState.VmStarted)
        {
            steps.Add((SwapState.VmStarted, "it was off, and stays so"));
        }

        if (Swap.State < SwapState.Verified)
        {
            steps.Add((SwapState.Verified, verifiedBy == ByDisk ? "on the disk; there is no way to ask the guest" : string.Empty));
        }

        steps.Add((SwapState.Committed, string.Empty));
        _journal.Begin(steps.ToArray(), swap => swap with { Ended = now, ErrorId = string.Empty, Error = string.Empty }, transaction =>
        {
            // What the store took for the present disk and is not, was replaced past us; it is kept all the same.
            foreach (DiskRevision stale in known.Where(r => r.State == DiskRevisionState.Current && r.Number != Swap.OldRevision))
            {
                transaction.SaveRevision(stale with { State = DiskRevisionState.Kept, KeptUntil = keptUntil });
            }

            DiskRevision old = known.SingleOrDefault(r => r.Number == Swap.OldRevision) ?? new DiskRevision(
                _target.Key, Swap.OldRevision, Swap.OldPath, Swap.OldParentPath, Guid.Empty, DiskRevisionState.Current, Previous: 0, null);
            transaction.SaveRevision(old with { State = DiskRevisionState.Kept, KeptUntil = keptUntil });
            transaction.SaveRevision(new DiskRevision(
                _target.Key,
                Swap.NewRevision,
                Swap.NewPath,
                Swap.ParentPath,
                Swap.ParentDataWriteGuid,
                DiskRevisionState.Current,
                Swap.OldRevision,
                null));
        });
        _keptUntil = keptUntil;
    }

    /// <summary>The bundle is kept as long as the old disk, for the day that disk cannot be read; users' files, which may be many, are not.</summary>
    private void RetainBundle()
    {
        if (Swap.BundleId.Length == 0)
        {
            return;
        }

        try
        {
            _services.Identities.Retain(
                Swap.BundleId, [.. Swap.SetsCarried.Where(set => _run.Transfer.Catalogue.Find(set) is { IsUserData: true })]);
        }
        catch (VmUpdateException failure)
        {
            _warnings.Add($"the copy of its identity cannot be kept beside the old disk: {failure.Message}");
            _services.Identities.Delete(Swap.BundleId);
        }
    }

    /// <summary>Ends a swap whose guest could not be verified, because the administrator goes on to another disk from here.</summary>
    /// <returns>Completes when it is written down.</returns>
    public async Task CommitUnverifiedAsync()
    {
        ReleaseDisks();
        await PutBackPowerAsync().ConfigureAwait(false);
        Commit(string.Empty);
    }

    /// <summary>Puts everything back as it was found. What cannot be put back leaves the swap open.</summary>
    /// <param name="reason">Why.</param>
    /// <returns>The result, with the reason as its failure.</returns>
    public async Task<PooledVmUpdateResult> RollBackAsync(VmUpdateException reason)
    {
        ReleaseDisks();
        try
        {
            BeginRollBack(reason);
            await UndoAsync().ConfigureAwait(false);
            _journal.End();
            return Result(PooledVmUpdateState.RolledBack, reason);
        }
        catch (VmUpdateException failure)
        {
            var both = new SwapException(
                SwapFailure.NotPutBack,
                _target.Name,
                $"it failed ({reason.Code}: {reason.Message}), and could not be put back as it was found ({failure.Code}: {failure.Message}).",
                "Remove what stands in the way, and make the same call again.",
                failure);
            NoteFailure(both);
            return Result(PooledVmUpdateState.Failed, both);
        }
    }

    /// <summary>Does what <see cref="RollBackAsync"/> does for a swap that another call left open, without a result of its own.</summary>
    public async Task UndoOpenAsync(string why)
    {
        if (Swap.State != SwapState.RolledBack)
        {
            _journal.Begin((SwapState.RolledBack, why));
        }

        await UndoAsync().ConfigureAwait(false);
        _journal.End();
    }

    private void BeginRollBack(VmUpdateException reason)
    {
        _journal.Note(swap => swap with { ErrorId = reason.Code, Error = reason.Message });
        try
        {
            _journal.Begin((SwapState.RolledBack, reason.Message));
        }
        catch (StoreException)
        {
            // The machine's users wait for it. Undoing asks the host what it finds, so it may go on unwritten: the swap stays open, and
            // the next call finds it undone.
        }
    }

    private async Task UndoAsync()
    {
        string attached;
        try
        {
            attached = await ReadAttachedPathAsync().ConfigureAwait(false);
        }
        catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.VmNotFound)
        {
            // The machine was deleted meanwhile: only what was made for it is left to be removed.
            await DeleteMadeAsync().ConfigureAwait(false);
            return;
        }

        if (HostPath.AreSame(attached, Swap.NewPath))
        {
            await Hypervisor.SwitchDiskAsync(_target.Key, Swap.Location, Swap.NewPath, Swap.OldPath, CancellationToken.None).ConfigureAwait(false);
        }

        await DeleteMadeAsync().ConfigureAwait(false);
        await PutBackPowerAsync().ConfigureAwait(false);
        _downtime = _stoppedAt is { } stopped ? _services.Clock.Monotonic - stopped : TimeSpan.Zero;
    }

    private async Task DeleteMadeAsync()
    {
        // Through the host, which knows what is attached: a disk that somebody attached meanwhile is not deleted.
        await Hypervisor.DeleteDiskAsync(Swap.NewPath, CancellationToken.None).ConfigureAwait(false);
        if (Swap.BundleId.Length > 0)
        {
            _services.Identities.Delete(Swap.BundleId);
        }
    }
}
