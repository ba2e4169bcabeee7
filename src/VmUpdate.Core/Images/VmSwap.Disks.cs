using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <content>The new disk: made, given the identity, put in the old one's place.</content>
internal sealed partial class VmSwap
{
    private IdentityTransfer? Source => IdentitySource.For(_run);

    private void PrepareNewDisk(ParentImage parent, CancellationToken cancellation)
    {
        string how = Hypervisor.HasDifferencingDisks ? "a child" : "a copy";
        _journal.Begin(
            (SwapState.Planned, $"{Swap.OldPath} -> {Swap.NewPath}, {how} of {Swap.ParentPath}"),
            (SwapState.NewDiskPrepared, string.Empty));

        // A former attempt of this swap may have left it half made. It is deleted and made anew, never repaired.
        HostPath.FolderOf(_services.Files, Swap.NewPath).Delete(Path.GetFileName(Swap.NewPath));
        var options = new VhdxCreateOptions
        {
            Files = _services.Files,
            NewGuid = _services.Ids.NewGuid,
            Parents = _run.Parents,
            AllowedParentFolders = _services.AllowedParentFolders,
        };
        _newDisk = Hypervisor.HasDifferencingDisks
            ? VhdxDisk.CreateDifferencing(Swap.NewPath, parent.Path, options)
            : VhdxDisk.CreateCopy(Swap.NewPath, parent.Path, options, cancellation);
    }

    private void PreserveIdentity(ParentImage parent)
    {
        if (!_identityStepBegun)
        {
            _journal.Begin((SwapState.IdentityPreserved, string.Empty));
        }

        if (Source is not { } source)
        {
            return;
        }

        // Always from the disk, also when an earlier attempt left a bundle: the machine may have run since.
        _services.Identities.Delete(Swap.BundleId);
        IdentityOptions options = SwapChecker.IdentityOptionsFor(_target, () => Swap.Id, Swap.UsersLoggedOff.Count > 0, _run);
        GuestImage old = _old!;
        IdentityPlan plan = _plan is not null && Swap.UsersLoggedOff.Count == 0
            ? _plan
            : parent.Use(master => source.Plan(old.Guest, master, options));
        if (_plan != plan)
        {
            _warnings.AddRange(plan.Warnings.Except(_warnings));
        }

        _plan = plan;
        _bundle = parent.Use(master => source.Preserve(old.Guest, master, plan, options));
        string kept = _services.Identities.Save(_bundle);
        _journal.Note(swap => swap with
        {
            BundleId = kept,
            SetsCarried = NamesOf(plan, SetOutcome.Carried),
            SetsStripped = NamesOf(plan, SetOutcome.Stripped),
            SetsLost = NamesOf(plan, SetOutcome.NotCarried),
        });
    }

    private void RestoreIdentity()
    {
        _journal.Begin((SwapState.IdentityRestored, string.Empty));
        VhdxDisk fresh = _newDisk!;
        if (Source is { } source)
        {
            using GuestDisk guest = GuestDisk.Open(
                fresh, new GuestDiskOptions { Subject = Swap.NewPath, Writable = true, UtcNow = () => _services.Clock.UtcNow });
            source.Restore(guest, _bundle!);
            guest.Commit();
        }

        fresh.Complete();
        fresh.Dispose();
        _newDisk = null;

        // Through an open of its own, so that what is compared is what lies in the file.
        using GuestImage written = GuestImage.Open(Swap.NewPath, _run);
        if (Source is { } verifier)
        {
            verifier.Verify(written.Guest, _bundle!);
        }

        string name = GuestImage.ReadComputerName(written.Guest);
        _journal.Note(swap => swap with { ComputerName = name });
    }

    private async Task SwitchDiskAsync()
    {
        _journal.Begin((SwapState.DiskSwitched, $"{Swap.Location}: {Swap.OldPath} -> {Swap.NewPath}"));
        if (!HostPath.AreSame(await ReadAttachedPathAsync().ConfigureAwait(false), Swap.OldPath))
        {
            throw new SwapException(
                SwapFailure.BootDiskChanged,
                _target.Name,
                $"{Swap.OldPath} is not its disk at {Swap.Location} any more.",
                "Somebody changed its disks meanwhile: look at them, and call again.");
        }

        await AllowDiskAsync().ConfigureAwait(false);
        try
        {
            await Hypervisor.SwitchDiskAsync(_target.Key, Swap.Location, Swap.OldPath, Swap.NewPath, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (HypervisorException)
        {
            // A call may fail and still have done its work: what hangs there counts.
            if (!await IsOnNewDiskAsync().ConfigureAwait(false))
            {
                throw;
            }
        }

        if (!await IsOnNewDiskAsync().ConfigureAwait(false))
        {
            throw new SwapException(
                SwapFailure.BootDiskChanged, _target.Name, $"the host said that it switched the disk, but {Swap.NewPath} is not at {Swap.Location}.");
        }
    }

    /// <summary>The machine's account must be let in: a file of ours has the rights of its folder only. Looked at again before the start.</summary>
    private async Task AllowDiskAsync()
    {
        if (Hypervisor is IDiskAccess access)
        {
            using VhdxDisk disk = VhdxDisk.Open(Swap.NewPath, new VhdxOpenOptions
            {
                Files = _services.Files, Parents = _run.Parents, AllowedParentFolders = _services.AllowedParentFolders,
            });
            await access.AllowDiskAsync(_target.Key, Swap.NewPath, disk.Chain.Skip(1).Select(file => file.Path).ToList(), CancellationToken.None)
                .ConfigureAwait(false);
        }
    }

    private async Task<bool> IsOnNewDiskAsync() => HostPath.AreSame(await ReadAttachedPathAsync().ConfigureAwait(false), Swap.NewPath);

    private async Task<string> ReadAttachedPathAsync()
    {
        IReadOnlyList<VmDisk> disks = await Hypervisor.GetDisksAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
        return disks.SingleOrDefault(disk => disk.Location == Swap.Location)?.Path ?? string.Empty;
    }

    private static List<string> NamesOf(IdentityPlan plan, SetOutcome outcome) =>
        plan.Decisions.Where(decision => decision.Outcome == outcome).Select(decision => decision.Set).ToList();
}
