using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>
/// The host's end of the channels to guests: one for each running machine that is spoken to, and for all of them while somebody listens. The
/// channel says which machine it is. A guest is not trusted: it is given bounded memory and a bounded rate, and what it says is checked.
/// </summary>
public sealed partial class HostAgent : IGuestTasks, IUserSessions, IGuestChannel, IDisposable
{
    private readonly object _gate = new();
    private readonly HostAgentOptions _options;
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<VmKey, GuestChannel> _channels = [];
    private readonly List<Ear> _ears = [];
    private IDisposable? _watching;

    /// <summary>Makes it. Nothing is opened before somebody listens, or a guest is spoken to.</summary>
    /// <param name="options">What to work with.</param>
    public HostAgent(HostAgentOptions options) => _options = options;

    /// <summary>
    /// What decides about guests' requests, for channels that are opened from now on; <see langword="null"/> when none is taken: each is
    /// answered by <c>NotSupported</c>.
    /// </summary>
    public IGuestRequests? Requests { get; set; }

    /// <summary>How the channels stand.</summary>
    public IReadOnlyList<GuestChannelStatus> Channels
    {
        get
        {
            lock (_gate)
            {
                return [.. _channels.Values.Select(channel => channel.Status)];
            }
        }
    }

    /// <summary>Whether a guest's agent is there now.</summary>
    /// <param name="vm">The machine.</param>
    /// <returns>Whether it can be spoken to.</returns>
    public bool IsReady(VmKey vm)
    {
        lock (_gate)
        {
            return _channels.TryGetValue(vm, out GuestChannel? channel) && channel.Status.IsReady;
        }
    }

    /// <inheritdoc/>
    public IDisposable Listen(Action<GuestTaskReport> onReport, Action<VmKey> onSilent)
    {
        var ear = new Ear(onReport, onSilent, Remove);
        List<GuestChannel> present;
        lock (_gate)
        {
            _ears.Add(ear);
            present = [.. _channels.Values];
            if (_watching is null)
            {
                _watching = _options.Port.Watch(Knock);
                _ = Task.Run(() => LookAsync(_end.Token), CancellationToken.None);
            }
        }

        foreach (GuestChannel channel in present)
        {
            _ = channel.GreetAsync(_end.Token);
        }

        return ear;
    }

    /// <summary>Closes all channels.</summary>
    public void Dispose()
    {
        List<GuestChannel> channels;
        lock (_gate)
        {
            _watching?.Dispose();
            _end.Cancel();
            channels = [.. _channels.Values];
        }

        // A host that hangs in a call must not hold up who closes.
        _ = Task.WaitAll([.. channels.Select(channel => channel.Work.ContinueWith(_ => { }, TaskScheduler.Default))], _options.AnswerTimeout);
    }

    /// <summary>Looks at all machines now and then: an event may be lost with the connection to the host.</summary>
    private async Task LookAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                foreach (VirtualMachine machine in await _options.Hypervisor.ListAsync(end).ConfigureAwait(false))
                {
                    if (machine.State == VmPowerState.Running)
                    {
                        Knock(machine.Key);
                    }
                }
            }
            catch (HypervisorException)
            {
                // The host does not answer now.
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await _options.Clock.Delay(_options.LookEvery, end).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Knock(VmKey vm)
    {
        if (!_end.IsCancellationRequested)
        {
            ChannelOf(vm).Knock();
        }
    }

    private GuestChannel ChannelOf(VmKey vm)
    {
        if (!string.Equals(vm.HostId, _options.Hypervisor.HostId, StringComparison.Ordinal))
        {
            throw new HypervisorException(
                HypervisorFailure.WrongHost, vm.ToString(), $"the virtual machine is not one of {_options.Hypervisor.HostName} ({_options.Hypervisor.HostId}).");
        }

        lock (_gate)
        {
            if (!_channels.TryGetValue(vm, out GuestChannel? channel))
            {
                channel = new GuestChannel(vm, _options, () => Requests, Tell, TellSilent, _end.Token);
                _channels.Add(vm, channel);
            }

            return channel;
        }
    }

    private void Tell(GuestTaskReport report)
    {
        foreach (Ear ear in Ears())
        {
            ear.OnReport(report);
        }
    }

    private void TellSilent(VmKey vm)
    {
        foreach (Ear ear in Ears())
        {
            ear.OnSilent(vm);
        }
    }

    private Ear[] Ears()
    {
        lock (_gate)
        {
            return [.. _ears];
        }
    }

    private void Remove(Ear ear)
    {
        lock (_gate)
        {
            _ears.Remove(ear);
        }
    }

    /// <summary>Somebody who listens.</summary>
    private sealed class Ear(Action<GuestTaskReport> onReport, Action<VmKey> onSilent, Action<Ear> end) : IDisposable
    {
        public Action<GuestTaskReport> OnReport { get; } = onReport;

        public Action<VmKey> OnSilent { get; } = onSilent;

        public void Dispose() => end(this);
    }
}
