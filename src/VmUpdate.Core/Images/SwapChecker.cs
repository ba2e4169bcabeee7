using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Partitions;

namespace VmUpdate.Core.Images;

/// <summary>All that is looked at before a machine is touched. Changes nothing and stops nothing.</summary>
internal sealed class SwapChecker
{
    // A child's own structures, and room for the few blocks of 2 MiB that an identity lies in.
    private const long NeededBytes = 64L << 20;

    private readonly RunContext _run;
    private readonly UpdaterServices _services;
    private readonly SwapOptions _options;

    public SwapChecker(RunContext run)
    {
        _run = run;
        _services = run.Services;
        _options = run.Options;
    }

    /// <summary>Looks at one machine.</summary>
    /// <param name="target">The machine.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>What was found. Refusals are part of it, not thrown.</returns>
    public async Task<SwapCheck> CheckAsync(VmTarget target, CancellationToken cancellation)
    {
        var check = new SwapCheck(target);
        try
        {
            if (target.Machine is not { } machine)
            {
                check.Block(target.Failure!);
                return check;
            }

            CheckDeclaration(check);
            if (_services.Hypervisor is IMachineTraits host)
            {
                check.Traits = await host.GetTraitsAsync(machine.Key, cancellation).ConfigureAwait(false);
            }

            CheckMachine(check, machine);
            CheckTraits(check);
            await CheckSessionsAsync(check, machine, cancellation).ConfigureAwait(false);
            await CheckDisksAsync(check, machine, cancellation).ConfigureAwait(false);
            return check;
        }
        catch (VmUpdateException failure)
        {
            check.Block(failure);
            return check;
        }
        catch
        {
            check.Dispose();
            throw;
        }
    }

    /// <summary>What the identity's part of the swap is told.</summary>
    public static IdentityOptions IdentityOptionsFor(VmTarget target, Func<Guid> newGuid, bool userWasForcedOff, RunContext run) => new()
    {
        VmId = target.Key.VmId,
        VmName = target.Name,
        NewGuid = newGuid,
        UtcNow = () => run.Services.Clock.UtcNow,
        UserData = run.Options.UserData,
        UserDataPatterns = run.Options.UserDataPatterns,
        UserDataLimitBytes = run.Options.UserDataLimitBytes,
        UserWasForcedOff = userWasForcedOff,
        CarryOnWord = run.Options.CarryOnWord,
        LeaveOut = run.Options.LeaveOut,
        StripOnWord = run.Options.StripOnWord,
        AllowSharedMachineSid = run.Options.AllowSharedMachineSid,
        JoinData = run.Options.JoinDataFolder is { } folder ? () => JoinDataFile.Read(run.Services.Files, folder, target.Name) : null,
        Dpapi = run.Options.Dpapi,
        IsWayBack = run.Direction != SwapDirection.Update,
    };

    private void CheckDeclaration(SwapCheck check)
    {
        string name = check.Target.Name;
        MachineRecord? declared = _services.Store.FindMachine(check.Target.Key);
        if (declared is null || declared.Role == MachineRole.Ignored)
        {
            check.Block(new SwapException(
                SwapFailure.VmIgnored,
                name,
                "it was not declared to be a pooled machine, so it is never touched.",
                "Declare it: Set-VmUpdateMachine -Kind Pooled -Pool <pool>."));
            return;
        }

        if (declared.Role != MachineRole.Pooled || declared.Pool is null)
        {
            check.Block(new SwapException(
                SwapFailure.VmNotPooled,
                name,
                $"it was declared to be {declared.Role}; only a pooled machine's disk is replaced.",
                "Declare it to be pooled, if that is what it is."));
            return;
        }

        check.Pool = _services.Store.FindPool(check.Target.Key.HostId, declared.Pool);
    }

    private void CheckMachine(SwapCheck check, VirtualMachine machine)
    {
        if (!_services.Hypervisor.DisksAreHere)
        {
            check.Block(new HypervisorException(
                HypervisorFailure.DiskNotReachable,
                machine.Name,
                $"its disk is on {_services.Hypervisor.HostName}, and a path there is never opened here. Run the command there: "
                + $"Invoke-Command -ComputerName {_services.Hypervisor.HostName} {{ Update-PooledVmImage -Name '{machine.Name}' }}."));
        }

        if (machine.ManagedBy.Length > 0)
        {
            if (_options.AllowManagedBy)
            {
                check.Warn(nameof(SwapFailure.VmManagedByOther), $"{machine.ManagedBy} manages it, and may replace its disk by its own rules.");
            }
            else
            {
                check.Block(new SwapException(
                    SwapFailure.VmManagedByOther,
                    machine.Name,
                    $"{machine.ManagedBy} manages it, and may replace its disk by its own rules.",
                    "Update it through that system, or allow it with -AllowManagedBy."));
            }
        }

        if (machine.State == VmPowerState.Changing)
        {
            check.Block(new SwapException(
                SwapFailure.VmChanging, machine.Name, "it is on its way from one state to another.", "Wait until it has come to rest."));
        }

        // One that its manager takes it back to is made anew at the swap's end, for whoever allowed that.
        if (machine.HasCheckpoints && !(_options.AllowManagedBy && check.Traits.RollbackCheckpoint.Length > 0))
        {
            check.Block(new SwapException(
                SwapFailure.VmHasCheckpoints,
                machine.Name,
                "it has checkpoints, which would keep its old disk and lose what they hold of it.",
                "Remove or apply its checkpoints."));
        }
    }

    private void CheckTraits(SwapCheck check)
    {
        if (check.Traits.IsShielded)
        {
            check.Block(new SwapException(
                SwapFailure.VmShielded,
                check.Target.Name,
                "it is shielded, and its disk can be read by nobody but itself.",
                "A shielded machine is updated from inside: declare it to be personal, and register a task for it."));
        }
        else if (check.Traits.HasTpm)
        {
            check.Warn(
                "VirtualTpm",
                "it has a virtual TPM: what its Windows sealed with it (BitLocker, Windows Hello, certificates) is not carried, and does not open on the new disk.",
                "See that nobody needs it, before the old disk's time is over.");
        }

        if (check.Traits.IsClustered)
        {
            check.Block(new SwapException(
                SwapFailure.VmManagedByOther,
                check.Target.Name,
                "a failover cluster runs it, and may start it on another node while its disk is replaced. That is not supported yet.",
                "Take it out of the cluster for the swap, and add it again afterwards."));
        }
    }

    private async Task CheckSessionsAsync(SwapCheck check, VirtualMachine machine, CancellationToken cancellation)
    {
        if (machine.State != VmPowerState.Running)
        {
            return;
        }

        try
        {
            IReadOnlyList<UserSession> sessions = await SessionRules.GetAsync(_run, machine, cancellation).ConfigureAwait(false);
            if (sessions.Count > 0)
            {
                string who = string.Join(", ", sessions.Select(session => session.UserName));
                check.Warn(nameof(SwapFailure.VmInUse), $"{who} will be asked to log off, and logged off after {_options.DrainTime}.");
            }
        }
        catch (SwapException refusal)
        {
            check.Block(refusal);
        }
    }

    private async Task CheckDisksAsync(SwapCheck check, VirtualMachine machine, CancellationToken cancellation)
    {
        check.BootDisk = BootDisk.Find(
            machine.Name, await _services.Hypervisor.GetDisksAsync(machine.Key, cancellation).ConfigureAwait(false));
        IReadOnlyList<DiskRevision> revisions = _services.Store.GetRevisions(machine.Key);
        check.Revision = revisions.SingleOrDefault(
            revision => revision.State == DiskRevisionState.Current && HostPath.AreSame(revision.Path, check.BootDisk.Path));
        check.From = check.Revision?.ParentPath ?? string.Empty;

        // Numbers of disks that were never switched to come back; their files' names differ by the swap's digits.
        check.NextRevision = revisions.Count == 0 ? 2 : revisions[revisions.Count - 1].Number + (check.Revision is null ? 2 : 1);
        if (check.Pool is null || !_services.Hypervisor.DisksAreHere)
        {
            return;
        }

        if (WasBroughtBack(check))
        {
            check.ParentPath = check.From;
            check.IsCurrent = true;
            return;
        }

        check.ParentPath = FindParentPath(check, revisions);
        CheckParentIsFree(check, machine);
        check.Parent = _run.OpenParent(check.ParentPath);
        if (check.Parent.Info.HadPendingLog)
        {
            check.Warn(
                "ParentHasPendingLog",
                $"{check.ParentPath} was not closed cleanly: its log holds writes that a hypervisor may refuse to read past.",
                "Mount it once for writing and dismount it, before anything is made from it.");
        }

        CheckMaster(check);
        CheckFirmware(check);
        if (_run.Direction != SwapDirection.Update)
        {
            check.Warn("ChangesStayBehind", $"what was written since the update stays on {check.BootDisk.Path}, which is kept for its time.");
        }

        if (_run.Direction == SwapDirection.RestoreAsItWas)
        {
            check.Warn("AsItWas", "secrets that changed since the update are not brought along: the domain may not know the machine any more.");
        }

        if (machine.State == VmPowerState.Off)
        {
            OpenOldDisk(check);
            CheckSpace(check, check.Plan?.Bytes ?? 0);
            return;
        }

        // What a running machine's disk holds is not known yet; what may be carried at most is.
        CheckSpace(check, _options.UserData == UserDataMode.Never ? 0 : _options.UserDataLimitBytes);

        check.CheckedWhenStopped = true;
        check.IsCurrent = _run.Direction == SwapDirection.Update
            && check.Revision is { } known
            && HostPath.AreSame(known.ParentPath, check.ParentPath)
            && known.ParentDataWriteGuid == check.Parent.DataWriteGuid;
    }

    /// <summary>What the master alone decides, so that a running machine is not stopped for it.</summary>
    private void CheckMaster(SwapCheck check)
    {
        if (_run.Direction != SwapDirection.Update)
        {
            return;
        }

        MasterFacts facts = check.Parent!.Use(master => MasterFacts.Read(master, _options.AllowSharedMachineSid));
        if (facts.Warning.Length > 0 && _run.IsFirst($"{nameof(IdentityFailure.SharedMachineSid)} {check.Pool!.Name} {check.ParentPath}"))
        {
            check.Warn($"Identity{nameof(IdentityFailure.SharedMachineSid)}", facts.Warning, "A generalized master (sysprep /generalize) gives each its own.");
        }
    }

    /// <summary>A BIOS starts no disk with a GUID partition table, and UEFI none without.</summary>
    private static void CheckFirmware(SwapCheck check)
    {
        PartitionTableKind division = check.Parent!.Use(parent => parent.Division);
        if ((check.Traits.Firmware, division) is (VmFirmware.Bios, PartitionTableKind.Gpt) or (VmFirmware.Uefi, PartitionTableKind.Mbr))
        {
            check.Block(new SwapException(
                SwapFailure.FirmwareDiffers,
                check.Target.Name,
                $"it is started by {(check.Traits.Firmware == VmFirmware.Bios ? "a BIOS (generation 1)" : "UEFI (generation 2)")}, and {check.ParentPath} has "
                + $"{(division == PartitionTableKind.Gpt ? "a GUID partition table" : "a master boot record")}: it would not start.",
                "Take a master that was made on a machine of the same generation."));
        }
    }

    /// <summary>
    /// Whether a way back was gone already: the same call made again, because the first one died or the pool was not through, must not
    /// bring the machine forth again.
    /// </summary>
    private bool WasBroughtBack(SwapCheck check) =>
        _run.Direction != SwapDirection.Update
        && check.Revision is not null
        && _services.Store.GetSwaps(check.Target.Key)
            .LastOrDefault(swap => swap.State == SwapState.Committed) is { Direction: not SwapDirection.Update } last
        && HostPath.AreSame(last.NewPath, check.BootDisk!.Path);

    private string FindParentPath(SwapCheck check, IReadOnlyList<DiskRevision> revisions)
    {
        if (_run.Direction == SwapDirection.Update)
        {
            string master = _options.MasterPath ?? check.Pool!.MasterPath;
            return master.Length > 0
                ? Path.GetFullPath(master)
                : throw new SwapException(
                    SwapFailure.NoMaster, check.Target.Name, $"the pool {check.Pool!.Name} has no master.", "Name one with -MasterPath.");
        }

        DiskRevision? before = check.Revision is null
            ? null
            : revisions.SingleOrDefault(revision => revision.Number == check.Revision.Previous && revision.State == DiskRevisionState.Kept);
        return before?.Path ?? throw new SwapException(
            SwapFailure.NoOldDisk, check.Target.Name, "there is no former disk of it to go back to: it was not swapped, or that disk was removed.");
    }

    private void CheckParentIsFree(SwapCheck check, VirtualMachine machine)
    {
        AttachedDisk? user = _run.Attached.FirstOrDefault(disk => HostPath.AreSame(disk.Path, check.ParentPath));
        if (user is null)
        {
            return;
        }

        throw user.Vm == machine.Key
            ? new SwapException(
                SwapFailure.DiskIsMaster,
                machine.Name,
                $"its own disk is {check.ParentPath}, which would become its parent.",
                "Name another master.")
            : new SwapException(
                SwapFailure.MasterInUse,
                check.ParentPath,
                $"it is a disk of the machine '{user.VmName}', which would change it under all its children.",
                "Detach it there, or name a copy of it.");
    }

    private void CheckSpace(SwapCheck check, long carried)
    {
        // A file system that shares what copies have in common takes the room later, as the copies part; what is not there then is missed too.
        long copied = _services.Hypervisor.HasDifferencingDisks ? 0 : check.Parent!.FileBytes;
        IHostFolder folder = HostPath.FolderOf(_services.Files, check.BootDisk!.Path);
        RequireSpace(check, folder.Path, "the new disk", folder.FreeBytes - NeededBytes - copied, carried);
        RequireSpace(check, "the identity store", "the bundle", _services.Identities.FreeBytes, carried);
    }

    private static void RequireSpace(SwapCheck check, string place, string what, long room, long carried)
    {
        if (room < carried)
        {
            throw new SwapException(
                SwapFailure.NotEnoughSpace,
                check.Target.Name,
                $"{place} has room for {Math.Max(0, room) >> 20} MiB of identity and user data, and {what} may get {carried >> 20} MiB.",
                "Make room on the volume, or lower the limit for user data.");
        }
    }

    private void OpenOldDisk(SwapCheck check)
    {
        check.Old = GuestImage.Open(check.BootDisk!.Path, _run);
        bool isCopy = !_services.Hypervisor.HasDifferencingDisks && check.Old.ParentPath.Length == 0;

        // A full copy does not name what it was made from; the record that was made with it does.
        Guid fromGuid = isCopy ? check.Revision?.ParentDataWriteGuid ?? Guid.Empty : check.Old.ParentDataWriteGuid;
        check.From = isCopy ? check.From : check.Old.ParentPath;
        check.IsCurrent = _run.Direction == SwapDirection.Update
            && HostPath.AreSame(check.From, check.ParentPath)
            && fromGuid == check.Parent!.DataWriteGuid;
        if (check.IsCurrent)
        {
            return;
        }

        if (IdentitySource.For(_run) is { } source)
        {
            IdentityOptions options = IdentityOptionsFor(check.Target, _services.Ids.NewGuid, userWasForcedOff: false, _run);
            check.Plan = check.Parent!.Use(master => source.Plan(check.Old.Guest, master, options));
            foreach (string warning in check.Plan.Warnings)
            {
                check.Warn("Identity", warning);
            }
        }
    }
}
