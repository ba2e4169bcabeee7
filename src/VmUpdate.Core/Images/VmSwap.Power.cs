using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <content>The machine: brought to a clean stop, and put back as it was found.</content>
internal sealed partial class VmSwap
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromSeconds(1);

    private bool _identityStepBegun;

    private async Task StopAsync(CancellationToken cancellation)
    {
        VirtualMachine machine = await Hypervisor.GetAsync(_target.Key, cancellation).ConfigureAwait(false);

        // On a second attempt the journal knows what was found before the first one stopped it.
        if (Swap.PowerFound == VmPowerState.Off && machine.State != VmPowerState.Off)
        {
            _journal.Note(swap => swap with { PowerFound = machine.State });
        }

        if (machine.State == VmPowerState.Off)
        {
            // Nothing is stopped and nothing but reading follows: the two steps share a commit.
            _journal.Begin((SwapState.VmStopped, "it was off"), (SwapState.IdentityPreserved, string.Empty));
            _identityStepBegun = true;
        }
        else
        {
            _journal.Begin((SwapState.VmStopped, $"it was {machine.State}"));
            await ShutDownAsync(machine, cancellation).ConfigureAwait(false);
        }

        // From here on the old disk is held: whoever tries to start the machine is refused by the file.
        _old ??= GuestImage.Open(Swap.OldPath, _run);
        _journal.Note(swap => swap with { OldParentPath = _old.ParentPath });
        VirtualMachine stopped = await Hypervisor.GetAsync(_target.Key, cancellation).ConfigureAwait(false);
        if (stopped.State != VmPowerState.Off)
        {
            throw new SwapException(
                SwapFailure.VmChanging, _target.Name, $"somebody made it {stopped.State} again.", "Make sure that nobody starts it, and call again.");
        }
    }

    private async Task ShutDownAsync(VirtualMachine machine, CancellationToken cancellation)
    {
        switch (machine.State)
        {
            case VmPowerState.Saved:
                // To the guest, throwing its saved memory away would be a power cut. It goes on from it, and shuts down.
                await Hypervisor.StartAsync(_target.Key, cancellation).ConfigureAwait(false);
                break;
            case VmPowerState.Paused:
                await Hypervisor.ResumeAsync(_target.Key, cancellation).ConfigureAwait(false);
                break;
            case VmPowerState.Changing:
                throw new SwapException(
                    SwapFailure.VmChanging, _target.Name, "it is on its way from one state to another.", "Wait until it has come to rest.");
        }

        await DrainAsync(machine, cancellation).ConfigureAwait(false);
        _stoppedAt = _services.Clock.Monotonic;
        await Hypervisor.ShutDownAsync(_target.Key, _run.Options.ShutdownTimeout, cancellation).ConfigureAwait(false);
    }

    private async Task DrainAsync(VirtualMachine machine, CancellationToken cancellation)
    {
        IReadOnlyList<UserSession> sessions = await SessionRules.GetAsync(_run, machine, cancellation).ConfigureAwait(false);
        if (sessions.Count == 0)
        {
            return;
        }

        TimeSpan grace = _run.Options.DrainTime ?? TimeSpan.Zero;
        string minutes = Math.Ceiling(grace.TotalMinutes).ToString(CultureInfo.InvariantCulture);
        foreach (UserSession session in sessions)
        {
            await _services.Sessions!.SendMessageAsync(
                _target.Key, session.Id, _run.Options.DrainMessage.Replace("{0}", minutes), cancellation).ConfigureAwait(false);
        }

        TimeSpan end = _services.Clock.Monotonic + grace;
        sessions = await SessionRules.GetAsync(_run, machine, cancellation).ConfigureAwait(false);
        while (sessions.Count > 0 && _services.Clock.Monotonic < end)
        {
            await _services.Clock.Delay(DrainPoll, cancellation).ConfigureAwait(false);
            sessions = await SessionRules.GetAsync(_run, machine, cancellation).ConfigureAwait(false);
        }

        if (sessions.Count == 0)
        {
            return;
        }

        // Before it is done, so that a second attempt still knows whose work was cut short and carries their files.
        _journal.Note(swap => swap with
        {
            UsersLoggedOff = swap.UsersLoggedOff.Union(sessions.Select(session => session.UserName)).ToList(),
        });
        _journal.Save();
        foreach (UserSession session in sessions)
        {
            await _services.Sessions!.LogOffAsync(_target.Key, session.Id, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Starts the machine on its new disk, when it was found anything but off.</summary>
    /// <returns>What failed, when it never ran on the new disk and may be put back on the old one.</returns>
    private async Task<VmUpdateException?> StartAsync()
    {
        if (Swap.PowerFound == VmPowerState.Off)
        {
            return null;
        }

        bool mayHaveRun = Swap.State is SwapState.VmStarted or SwapState.Verified or SwapState.CheckpointRenewed;
        if (Swap.State < SwapState.Verified)
        {
            _journal.Begin((SwapState.VmStarted, string.Empty));
        }

        VirtualMachine machine = await Hypervisor.GetAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
        if (machine.State == VmPowerState.Off)
        {
            try
            {
                await AllowDiskAsync().ConfigureAwait(false);
                await Hypervisor.StartAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
            }
            catch (HypervisorException failure)
            {
                machine = await Hypervisor.GetAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
                if (machine.State == VmPowerState.Off)
                {
                    // An earlier call may have started it: what it wrote since is on the new disk, and the old one is no way back any more.
                    return mayHaveRun ? throw NotStarted(failure) : failure;
                }
            }
        }

        _downtime = _stoppedAt is { } stopped ? _services.Clock.Monotonic - stopped : TimeSpan.Zero;
        return null;
    }

    private HypervisorException NotStarted(HypervisorException failure) =>
        new(failure.Failure, _target.Name, $"it is on its new disk and does not start: {failure.Message}", failure);

    /// <summary>Brings a machine that runs, or is off, to the state it was found in.</summary>
    private async Task PutBackPowerAsync()
    {
        VirtualMachine machine = await Hypervisor.GetAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
        if (Swap.PowerFound == VmPowerState.Off || machine.State == Swap.PowerFound)
        {
            return;
        }

        if (machine.State == VmPowerState.Off)
        {
            await Hypervisor.StartAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
        }

        switch (Swap.PowerFound)
        {
            case VmPowerState.Saved:
                await Hypervisor.SaveAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
                break;
            case VmPowerState.Paused:
                await Hypervisor.PauseAsync(_target.Key, CancellationToken.None).ConfigureAwait(false);
                break;
        }
    }
}
