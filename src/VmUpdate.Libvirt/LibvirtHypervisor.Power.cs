using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

public sealed partial class LibvirtHypervisor
{
    // How long an agent may be out of reach before the guest is asked by its power button instead: after a restore it is for a moment.
    private static readonly TimeSpan AgentAbsence = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private enum ShutdownAsk
    {
        /// <summary>The guest was asked.</summary>
        Asked,

        /// <summary>It is to be tried again.</summary>
        Later,

        /// <summary>There is no agent in the guest.</summary>
        NoAgent,
    }

    /// <inheritdoc/>
    public Task StartAsync(VmKey vm, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            IReadOnlyList<DomainDisk> disks = ReadDefinition(domain).Disks;

            // Looked at by the one starter who has the servers: whoever came second finds the machine running, and leaves them alone.
            using var served = NbdServers.Take(domain.Name, disks, _options);
            domain.RequireState(VmPowerState.Off, VmPowerState.Saved);
            RequireFiles(domain, disks);
            served.Start();
            domain.RequireDone(VirApi.Create(domain.Handle, 0), "starting it", VmPowerState.Off, VmPowerState.Saved);

            // Somebody else may have saved it paused, and it comes back so.
            if (domain.GetState() == VmPowerState.Paused)
            {
                domain.Require(VirApi.Resume(domain.Handle), "letting it run");
            }

            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public async Task ShutDownAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        TimeSpan end = _options.Clock.Monotonic + timeout;
        (string name, IReadOnlyList<DomainDisk> disks) = await WithAsync(
            vm,
            domain =>
            {
                domain.RequireState(VmPowerState.Running);
                return (domain.Name, ReadDisks(domain));
            },
            cancellation).ConfigureAwait(false);

        // Asking may itself take as long as the guest's agent likes.
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task asking = AskToShutDownAsync(vm, end, giveUp.Token);
        try
        {
            if (await WaitForAsync(vm, VmPowerState.Off, asking, end, cancellation).ConfigureAwait(false))
            {
                await NbdServers.EndAsync(name, disks, _options).ConfigureAwait(false);
                return;
            }
        }
        finally
        {
            giveUp.Cancel();
            _ = asking.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }

        throw new HypervisorException(
            HypervisorFailure.ShutdownTimedOut,
            name,
            $"its guest did not shut down within {timeout.TotalSeconds:0} seconds. It was not turned off; it may still shut down later.");
    }

    /// <inheritdoc/>
    public async Task SaveAsync(VmKey vm, CancellationToken cancellation)
    {
        // The disk's server ends even when nobody waits any more: whoever works on the disk next needs it closed.
        async Task<bool> SaveAndCloseAsync()
        {
            (string name, IReadOnlyList<DomainDisk> disks) = await WithAsync(
                vm,
                domain =>
                {
                    domain.RequireState(VmPowerState.Running, VmPowerState.Paused);
                    IReadOnlyList<DomainDisk> held = ReadDisks(domain);
                    domain.RequireDone(
                        VirApi.Save(domain.Handle, VirApi.SaveToRunning), "saving it", VmPowerState.Running, VmPowerState.Paused);
                    return (domain.Name, held);
                },
                CancellationToken.None).ConfigureAwait(false);
            await NbdServers.EndAsync(name, disks, _options).ConfigureAwait(false);
            return true;
        }

        cancellation.ThrowIfCancellationRequested();
        await SaveAndCloseAsync().Or(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task PauseAsync(VmKey vm, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            domain.RequireState(VmPowerState.Running);
            domain.RequireDone(VirApi.Suspend(domain.Handle), "pausing it", VmPowerState.Running);
            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public Task ResumeAsync(VmKey vm, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            domain.RequireState(VmPowerState.Paused);
            domain.RequireDone(VirApi.Resume(domain.Handle), "letting it run on", VmPowerState.Paused);
            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public IDisposable Watch(Action<VmKey> onChanged)
    {
        var watching = new CancellationTokenSource();
        IDisposable events = _connection.Events.Watch(vm =>
        {
            if (vm != Guid.Empty)
            {
                onChanged(new VmKey(HostId, vm));
            }
            else
            {
                _ = CatchUpAsync(onChanged, watching.Token);
            }
        });
        return new Ending(() =>
        {
            events.Dispose();
            watching.Cancel();
        });
    }

    private static bool IsFailure(LibvirtError error, params int[] codes) => codes.Contains(error.Code);

    private static ShutdownAsk AskToShutDown(Domain domain, bool byAgent)
    {
        if (VirApi.ShutDown(domain.Handle, byAgent ? VirApi.ShutdownByAgent : VirApi.ShutdownByAcpi) == 0)
        {
            return ShutdownAsk.Asked;
        }

        LibvirtError error = LibvirtError.Last();
        if (byAgent && IsFailure(error, LibvirtError.ArgumentUnsupported, LibvirtError.NoSupport, LibvirtError.InvalidArgument))
        {
            return ShutdownAsk.NoAgent;
        }

        if (byAgent && IsFailure(error, LibvirtError.AgentUnresponsive, LibvirtError.OperationTimeout))
        {
            // A channel that no agent has open is as good as none, once it had its time; an agent that hangs is not passed by.
            return ReadLive(domain).HasAgent == false ? ShutdownAsk.NoAgent : ShutdownAsk.Later;
        }

        if (!byAgent && IsFailure(error, LibvirtError.InvalidArgument))
        {
            // A driver that knows no ways to choose from.
            domain.Require(VirApi.ShutDown(domain.Handle, 0), "shutting its guest down");
            return ShutdownAsk.Asked;
        }

        HypervisorException failure = LibvirtErrors.Translate(error, domain.Name, "shutting its guest down");
        throw failure.Failure == HypervisorFailure.OperationFailed
            ? new HypervisorException(HypervisorFailure.ShutdownRefused, domain.Name, $"its guest refused to shut down: {error.Message}.", failure)
            : failure;
    }

    private static DomainDefinition ReadLive(Domain domain) => DomainDefinition.Parse(domain.GetXml(0), domain.Name);

    /// <summary>The disks that the machine has now: those it runs with, or will be started with.</summary>
    private static IReadOnlyList<DomainDisk> ReadDisks(Domain domain) => ReadLive(domain).Disks;

    /// <summary>
    /// Asks the guest's agent; its power button when no agent comes. A guest that still starts may not hear the button, so the agent is
    /// asked when it comes after all.
    /// </summary>
    private async Task AskToShutDownAsync(VmKey vm, TimeSpan end, CancellationToken cancellation)
    {
        TimeSpan agentEnd = Earlier(_options.Clock.Monotonic + AgentAbsence, end);
        bool isPressed = false;
        while (true)
        {
            Task next = _connection.Events.Next(vm.VmId);
            ShutdownAsk ask;
            TimeSpan now;
            try
            {
                ask = await WithAsync(vm, domain => AskToShutDown(domain, byAgent: true), cancellation).ConfigureAwait(false);
                now = _options.Clock.Monotonic;
                if (ask == ShutdownAsk.Asked || now >= end)
                {
                    return;
                }

                if (ask == ShutdownAsk.NoAgent && !isPressed)
                {
                    bool canCome = await HasAgentChannelAsync(vm, cancellation).ConfigureAwait(false);
                    if (!canCome || now >= agentEnd)
                    {
                        await WithAsync(vm, domain => AskToShutDown(domain, byAgent: false), cancellation).ConfigureAwait(false);
                        isPressed = true;
                    }

                    if (!canCome)
                    {
                        return;
                    }
                }
            }
            catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.HostNotReachable && _options.Clock.Monotonic < end)
            {
                // libvirt is being restarted. Asking twice does no harm.
                ask = ShutdownAsk.Later;
                now = _options.Clock.Monotonic;
            }

            // An agent's coming is an event; that one which is there answers again is none.
            bool awaitsAgent = ask == ShutdownAsk.NoAgent && isPressed;
            await AnyAsync(next, awaitsAgent ? end - now : Shorter(LookAgain, end - now), cancellation).ConfigureAwait(false);
        }
    }

    private Task<bool> HasAgentChannelAsync(VmKey vm, CancellationToken cancellation) =>
        WithAsync(vm, domain => ReadLive(domain).HasAgent is not null, cancellation);

    /// <summary>Waits until a machine has a state, looking whenever libvirt tells of it.</summary>
    /// <returns>Whether it came to that in time. What <paramref name="asking"/> failed with is thrown when the machine did not.</returns>
    private async Task<bool> WaitForAsync(VmKey vm, VmPowerState wanted, Task asking, TimeSpan end, CancellationToken cancellation)
    {
        while (true)
        {
            Task next = _connection.Events.Next(vm.VmId);
            bool isReached = await IsAsync(vm, wanted, end, cancellation).ConfigureAwait(false);
            if (isReached)
            {
                return true;
            }

            if (asking.IsFaulted)
            {
                // It may have reached the state, and refused to be asked for it, since the look.
                if (await IsAsync(vm, wanted, end, cancellation).ConfigureAwait(false))
                {
                    return true;
                }

                await asking.ConfigureAwait(false);
            }

            TimeSpan left = end - _options.Clock.Monotonic;
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            Task awaited = asking.IsCompleted ? next : Task.WhenAny(next, asking);
            await AnyAsync(awaited, left, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsAsync(VmKey vm, VmPowerState wanted, TimeSpan end, CancellationToken cancellation)
    {
        try
        {
            VmPowerState state = await WithAsync(vm, domain => domain.GetState(), cancellation).ConfigureAwait(false);
            return state == VmPowerState.Saved && wanted == VmPowerState.Off
                ? throw new HypervisorException(HypervisorFailure.VmBusy, vm.ToString(), "it was to shut down, but somebody else made it Saved.")
                : state == wanted;
        }
        catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.HostNotReachable && _options.Clock.Monotonic < end)
        {
            // libvirt is being restarted; the machine goes on without it.
            await _options.Clock.Delay(LookAgain, cancellation).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Connects again after the connection broke, and tells of every machine: anything may have become of it meanwhile.</summary>
    private async Task CatchUpAsync(Action<VmKey> onChanged, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                foreach (VirtualMachine machine in await ListAsync(cancellation).ConfigureAwait(false))
                {
                    onChanged(machine.Key);
                }

                return;
            }
            catch (HypervisorException)
            {
                await _options.Clock.Delay(LookAgain, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task AnyAsync(Task task, TimeSpan most, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(task, _options.Clock.Delay(most, end.Token)).ConfigureAwait(false);
        end.Cancel();
        cancellation.ThrowIfCancellationRequested();
    }

    private static TimeSpan Earlier(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right < TimeSpan.Zero ? TimeSpan.Zero : right;
}
