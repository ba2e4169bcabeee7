using VmUpdate.Core.Machines;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <summary>
/// One machine's channel for as long as there is a host agent: opened when the machine runs, opened again when it broke. While the machine
/// does not run it waits to be knocked at, and asks nobody.
/// </summary>
internal sealed class GuestChannel : IGuestListener
{
    private readonly object _gate = new();
    private readonly HostAgentOptions _options;
    private readonly Func<IGuestRequests?> _requests;
    private readonly Action<GuestTaskReport> _onReport;
    private readonly Action<VmKey> _onSilent;
    private readonly GuestTraffic _traffic;
    private TaskCompletionSource<bool> _changed = Waiting.Promise<bool>();
    private TaskCompletionSource<bool> _knocked = Waiting.Promise<bool>();
    private GuestConnection? _connection;
    private string _name;
    private string _why = "its channel was not opened yet";
    private long _knocks;
    private long _knocksInVain = -1;

    /// <summary>Makes it, and begins.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="options">What to work with.</param>
    /// <param name="requests">What decides about requests, asked for each connection.</param>
    /// <param name="onReport">Takes what the guest says of runs.</param>
    /// <param name="onSilent">Told when a guest that was heard is not any more.</param>
    /// <param name="end">Closes the channel for good.</param>
    public GuestChannel(
        VmKey vm, HostAgentOptions options, Func<IGuestRequests?> requests, Action<GuestTaskReport> onReport, Action<VmKey> onSilent, CancellationToken end)
    {
        Vm = vm;
        _options = options;
        _requests = requests;
        _onReport = onReport;
        _onSilent = onSilent;
        _traffic = new GuestTraffic(options);
        _name = vm.VmId.ToString("D");
        Work = Task.Run(() => RunAsync(end), CancellationToken.None);
    }

    /// <summary>The machine.</summary>
    public VmKey Vm { get; }

    /// <summary>Completes when the channel is closed for good; fails with a bug only.</summary>
    public Task Work { get; }

    /// <summary>How it stands.</summary>
    public GuestChannelStatus Status
    {
        get
        {
            lock (_gate)
            {
                bool isReady = _connection is { IsReady: true };
                return new GuestChannelStatus(
                    Vm,
                    _name,
                    isReady,
                    _connection?.Guest?.Program ?? string.Empty,
                    isReady ? string.Empty : _connection?.WhyNotSpokenTo ?? _why,
                    _traffic.Messages,
                    _traffic.Dropped);
            }
        }
    }

    /// <summary>Says that opening it may be worth a try.</summary>
    /// <returns>Which knock it is: what a later try finds is its answer too.</returns>
    public long Knock()
    {
        lock (_gate)
        {
            _knocked.TrySetResult(true);
            return ++_knocks;
        }
    }

    /// <summary>Asks the guest anew which runs it has.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it was asked.</returns>
    public async Task GreetAsync(CancellationToken cancellation)
    {
        if (Current is { } connection)
        {
            try
            {
                await connection.GreetAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception broken) when (broken is GuestException or OperationCanceledException)
            {
                // The next connection asks by itself.
            }
        }
    }

    /// <summary>Waits until the guest's agent is there.</summary>
    /// <param name="timeout">How long.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="GuestException">
    /// <see cref="GuestFailure.GuestNotReached"/>, at once when there is no such channel; or <see cref="GuestFailure.GuestRefused"/>: it speaks another
    /// protocol.
    /// </exception>
    public async Task<GuestConnection> ReadyAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        TimeSpan end = _options.Clock.Monotonic + timeout;
        long knock = Knock();
        while (true)
        {
            Task changed;
            GuestConnection? connection;
            string name;
            string lastSeen;
            bool isInVain;
            lock (_gate)
            {
                (changed, connection, name, lastSeen, isInVain) = (_changed.Task, _connection, _name, _why, _knocksInVain >= knock);
            }

            if (connection is { IsReady: true })
            {
                return connection;
            }

            if (connection?.WhyNotSpokenTo is { } why)
            {
                throw new GuestException(GuestFailure.GuestRefused, connection.Machine.Name, why);
            }

            if (Work.IsCompleted)
            {
                await Work.ConfigureAwait(false);
            }

            if (isInVain)
            {
                throw new GuestException(GuestFailure.GuestNotReached, name, lastSeen) { HasNoChannel = true };
            }

            TimeSpan left = end - _options.Clock.Monotonic;
            if (left <= TimeSpan.Zero)
            {
                throw new GuestException(
                    GuestFailure.GuestNotReached, name, $"its guest's agent was not there within {timeout.TotalSeconds:0.#} seconds: {lastSeen}.");
            }

            await Waiting.WithinAsync(changed, left, _options.Clock, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void OnChanged()
    {
        TaskCompletionSource<bool> changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = Waiting.Promise<bool>();
        }

        changed.TrySetResult(true);
    }

    /// <inheritdoc/>
    public void OnReport(TaskReport report) =>
        _onReport(new GuestTaskReport(Vm, report.RunId, report.Attempt, report.Status, report.Percent, report.NeedsRestart, report.Message));

    private GuestConnection? Current
    {
        get
        {
            lock (_gate)
            {
                return _connection;
            }
        }
    }

    private async Task RunAsync(CancellationToken end)
    {
        TimeSpan pause = _options.FirstRetry;
        try
        {
            while (!end.IsCancellationRequested)
            {
                // Before the machine is looked at, so that what happens meanwhile is not missed.
                Task knocked = NextKnock(out long knocks);
                Outcome outcome = await TryAsync(knocks, end).ConfigureAwait(false);
                OnChanged();
                pause = outcome == Outcome.Spoke ? _options.FirstRetry : pause;
                await Waiting.WithinAsync(knocked, outcome == Outcome.NotNow ? Timeout.InfiniteTimeSpan : pause, _options.Clock, end).ConfigureAwait(false);
                pause = pause + pause < _options.LongestRetry ? pause + pause : _options.LongestRetry;
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
    }

    private Task<bool> NextKnock(out long knocks)
    {
        lock (_gate)
        {
            knocks = _knocks;
            if (_knocked.Task.IsCompleted)
            {
                _knocked = Waiting.Promise<bool>();
            }

            return _knocked.Task;
        }
    }

    private async Task<Outcome> TryAsync(long knocks, CancellationToken end)
    {
        try
        {
            VirtualMachine machine = await _options.Hypervisor.GetAsync(Vm, end).ConfigureAwait(false);
            Note(machine.Name, $"the machine is {machine.State}");
            if (machine.State is not (VmPowerState.Running or VmPowerState.Changing))
            {
                return Outcome.NotNow;
            }

            Stream stream = await _options.Port.OpenGuestPortAsync(Vm, end).ConfigureAwait(false);
            using var connection = new GuestConnection(stream, machine, _options, _requests(), _traffic, this);
            Note(machine.Name, "its guest's agent has not said hello");
            return await HoldAsync(connection, end).ConfigureAwait(false);
        }
        catch (HypervisorException failure)
        {
            // Without the machine or the channel only a change of the machine can help, and that is told.
            bool isInVain = failure.Failure is HypervisorFailure.VmNotFound or HypervisorFailure.HostNotUsable;
            Note(_name, failure.Message);
            if (isInVain)
            {
                lock (_gate)
                {
                    _knocksInVain = knocks;
                }
            }

            return isInVain ? Outcome.NotNow : Outcome.Failed;
        }
    }

    private async Task<Outcome> HoldAsync(GuestConnection connection, CancellationToken end)
    {
        lock (_gate)
        {
            _connection = connection;
        }

        try
        {
            await connection.RunAsync(end).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _connection = null;
                _why = "the channel broke";
            }
        }

        if (connection.Guest is null)
        {
            return Outcome.Failed;
        }

        _onSilent(Vm);
        return Outcome.Spoke;
    }

    private void Note(string name, string why)
    {
        lock (_gate)
        {
            (_name, _why) = (name, why);
        }
    }

    /// <summary>What came of opening the channel.</summary>
    private enum Outcome
    {
        /// <summary>The machine does not run, or has no channel.</summary>
        NotNow,

        /// <summary>It could not be opened, or its guest said nothing.</summary>
        Failed,

        /// <summary>The guest was heard, and the channel broke.</summary>
        Spoke,
    }
}
