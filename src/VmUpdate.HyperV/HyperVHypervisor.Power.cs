using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    // A machine's state may follow the end of its job by a moment.
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public async Task StartAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Off, VmPowerState.Saved).ConfigureAwait(false);
        await RequireFilesAsync(system, cancellation).ConfigureAwait(false);
        await RequestAsync(vm, system, HyperVValues.Running, "starting it", cancellation, VmPowerState.Running, VmPowerState.Paused).ConfigureAwait(false);

        // Somebody may have saved it while it was paused, and it comes back so.
        CimRecord started = await FindAsync(vm, cancellation).ConfigureAwait(false);
        if (StateOf(started) == VmPowerState.Paused)
        {
            await RequestAsync(vm, started, HyperVValues.Running, "letting it run", cancellation, VmPowerState.Running).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task SaveAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Running, VmPowerState.Paused).ConfigureAwait(false);
        await RequestAsync(vm, system, HyperVValues.Saved, "saving it", cancellation, VmPowerState.Saved).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task PauseAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Running).ConfigureAwait(false);
        await RequestAsync(vm, system, HyperVValues.Paused, "pausing it", cancellation, VmPowerState.Paused).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task ResumeAsync(VmKey vm, CancellationToken cancellation)
    {
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Paused).ConfigureAwait(false);
        await RequestAsync(vm, system, HyperVValues.Running, "letting it run on", cancellation, VmPowerState.Running).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task ShutDownAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        TimeSpan end = _options.Clock.Monotonic + timeout;
        CimRecord system = await RestingAsync(vm, cancellation, VmPowerState.Running).ConfigureAwait(false);
        string name = NameOf(system);
        bool isAsked = false;
        for (TimeSpan pause = TimeSpan.Zero; ;)
        {
            isAsked = isAsked || await AskToShutDownAsync(system, cancellation).ConfigureAwait(false);
            switch (StateOf(await FindAsync(vm, cancellation).ConfigureAwait(false)))
            {
                case VmPowerState.Off:
                    return;
                case VmPowerState.Saved or VmPowerState.Paused:
                    throw new HypervisorException(HypervisorFailure.VmBusy, name, "it was to shut down, but somebody else saved or paused it.");
            }

            if (_options.Clock.Monotonic >= end)
            {
                throw new HypervisorException(
                    HypervisorFailure.ShutdownTimedOut,
                    name,
                    $"its guest did not shut down within {timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} seconds. It was not turned off; it may still shut down later.");
            }

            pause = await _calls.PauseAsync(pause, cancellation).ConfigureAwait(false);
        }
    }

    private static VmPowerState StateOf(CimRecord system) => VmStates.Of(system.Number(Names.ComputerSystem.EnabledState));

    /// <summary>Asks the guest to shut down. It is not forced: what a user left open on a locked screen stays his.</summary>
    /// <returns>Whether it was asked; if not, it is not ready and may be later.</returns>
    private async Task<bool> AskToShutDownAsync(CimRecord system, CancellationToken cancellation)
    {
        string name = NameOf(system);
        IReadOnlyList<CimRecord> components = await ReadDevicesAsync(system, Names.ShutdownComponent.Class, cancellation).ConfigureAwait(false);
        if (components.Count == 0)
        {
            throw new HypervisorException(
                HypervisorFailure.ShutdownRefused,
                name,
                $"its integration service for shutting down is off. Enable-VMIntegrationService -VMName '{name}' -Name Shutdown turns it on.");
        }

        CimMethodResult result = await _calls.InvokeAsync(
            components[0].Path,
            Names.ShutdownComponent.InitiateShutdown,
            new() { [Names.ShutdownComponent.Force] = false, [Names.ShutdownComponent.Reason] = "VmUpdate: the virtual machine is updated." },
            name,
            "shutting its guest down",
            cancellation).ConfigureAwait(false);
        return result.ReturnValue switch
        {
            HyperVValues.Completed or HyperVValues.JobStarted or HyperVValues.ShutdownUnderWay => true,
            HyperVValues.ShutdownNotReady or HyperVValues.ShutdownNotAvailable or HyperVValues.ShutdownInUse => false,
            HyperVValues.ShutdownLocked => throw new HypervisorException(
                HypervisorFailure.ShutdownRefused, name, "its screen is locked by a user who is logged on, and it is not shut down by force."),
            _ => throw RefusedShutdown(HyperVErrors.OfReturnValue(result.ReturnValue, name, "shutting its guest down")),
        };
    }

    private static HypervisorException RefusedShutdown(HypervisorException failure) => failure.Failure == HypervisorFailure.AccessDenied
        ? failure
        : new HypervisorException(
            HypervisorFailure.ShutdownRefused, failure.Subject, failure.Message.Substring(failure.Subject.Length + 2), failure);

    /// <summary>
    /// The machine, when its state is one of those allowed. What others do to it (a live migration, an export, a merge, a backup) is waited
    /// for first.
    /// </summary>
    private async Task<CimRecord> RestingAsync(VmKey vm, CancellationToken cancellation, params VmPowerState[] allowed)
    {
        TimeSpan end = _options.Clock.Monotonic + _options.BusyPatience;
        for (TimeSpan pause = TimeSpan.Zero; ;)
        {
            CimRecord system = await FindAsync(vm, cancellation).ConfigureAwait(false);
            VmPowerState state = StateOf(system);
            string work = VmStates.WorkOf(system.Numbers(Names.ComputerSystem.OperationalStatus));
            if (work.Length == 0 && state != VmPowerState.Changing)
            {
                await RequireOwnerAsync(vm, system, cancellation).ConfigureAwait(false);
                return allowed.Contains(state)
                    ? system
                    : throw new HypervisorException(
                        HypervisorFailure.VmBusy, NameOf(system), $"it is {state}; it would have to be {string.Join(" or ", allowed)}.");
            }

            if (_options.Clock.Monotonic >= end)
            {
                throw new HypervisorException(
                    HypervisorFailure.VmBusy,
                    NameOf(system),
                    work.Length > 0
                        ? $"{work}, and that did not end within {_options.BusyPatience.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} seconds."
                        : $"it is on its way from one state to another (state {system.Number(Names.ComputerSystem.EnabledState)}).");
            }

            pause = await _calls.PauseAsync(pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A cluster may be moving a machine away, and then it is not this host's any more, whatever the host still shows of it.</summary>
    private async Task RequireOwnerAsync(VmKey vm, CimRecord system, CancellationToken cancellation)
    {
        string owner = await _cluster.FindOwnerAsync(vm.VmId, HostName, cancellation).ConfigureAwait(false);
        if (owner.Length > 0 && !string.Equals(owner, HostName, StringComparison.OrdinalIgnoreCase))
        {
            throw new HypervisorException(
                HypervisorFailure.VmNotFound, NameOf(system), $"the failover cluster runs it on {owner} now: it left {HostName}.");
        }
    }

    /// <summary>Asks for another state, and waits until the machine has it.</summary>
    private async Task RequestAsync(
        VmKey vm, CimRecord system, ushort requested, string what, CancellationToken cancellation, params VmPowerState[] wanted)
    {
        string name = NameOf(system);
        VmPowerState before = StateOf(system);
        try
        {
            await _calls.DoAsync(
                system.Path,
                Names.ComputerSystem.RequestStateChange,
                new() { [Names.ComputerSystem.RequestedState] = requested },
                name,
                what,
                cancellation).ConfigureAwait(false);
        }
        catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.OperationFailed)
        {
            VmPowerState now = StateOf(await FindAsync(vm, cancellation).ConfigureAwait(false));
            throw now == before || now == VmPowerState.Changing
                ? failure
                : new HypervisorException(HypervisorFailure.VmBusy, name, $"{what} failed: somebody else made it {now}.", failure);
        }

        TimeSpan end = _options.Clock.Monotonic + Afterwards;
        for (TimeSpan pause = TimeSpan.Zero; ;)
        {
            VmPowerState state = StateOf(await FindAsync(vm, cancellation).ConfigureAwait(false));
            if (wanted.Contains(state))
            {
                return;
            }

            if (state != VmPowerState.Changing && state != before)
            {
                throw new HypervisorException(HypervisorFailure.VmBusy, name, $"{what} was done, but somebody else made it {state}.");
            }

            if (_options.Clock.Monotonic >= end)
            {
                throw new HypervisorException(
                    HypervisorFailure.OperationFailed, name, $"{what} ended, and {Afterwards.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} seconds later it is still {state}.");
            }

            pause = await _calls.PauseAsync(pause, cancellation).ConfigureAwait(false);
        }
    }
}
