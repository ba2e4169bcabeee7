using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Broker;

/// <summary>
/// The task broker of a host: observes, steps, writes down, acts. One at a time on a host; a second one is refused while the first lives.
/// A broker that was killed is started again, finds what it woke, and goes on.
/// </summary>
public sealed class TaskBroker : IDisposable
{
    // Longer than any wait of the loop: so much more time only passes when the host slept, or the clock was put forward.
    private static readonly TimeSpan SleepSuspected = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(24);

    private readonly BrokerServices _services;
    private readonly StoreLease _lease;
    private readonly WakeSignal? _wake;
    private readonly BrokerInbox _inbox = new();
    private readonly HostWatch _watch;
    private readonly BrokerState _state;
    private readonly HashSet<VmKey> _busy = [];
    private readonly Dictionary<long, (BrokerAction Action, Task Work)> _underWay = [];
    private readonly string _hostId;
    private List<Observation> _loaded;
    private long _lastOrder;
    private (string NoRun, string NoWake) _told;
    private TimeSpan? _lastLook;
    private TimeSpan? _lastForget;
    private TimeSpan? _lastAsk;
    private volatile bool _isWoken;
    private (DateTime Utc, TimeSpan Monotonic)? _lastStep;
    private int _started;
    private int _succeeded;
    private int _failed;

    private TaskBroker(BrokerServices services, StoreLease lease, Guid? onlyTask)
    {
        _services = services;
        _lease = lease;
        _hostId = services.Hypervisor.HostId;
        _watch = new HostWatch(services);
        _state = new BrokerState(StartJitter.SeedOf(_hostId), onlyTask);
        _lastOrder = services.Store.GetLastOrder(_hostId);
        _loaded = BrokerLoader.Load(services.Store, _hostId);
        foreach (VmKey vm in _loaded.OfType<Observation.TaskAdded>().SelectMany(t => t.Runs).Select(r => r.Vm)
            .Concat(_loaded.OfType<Observation.AwakeRestored>().Select(a => a.Awake.Vm)))
        {
            _watch.Expect(vm);
        }

        _wake = WakeSignal.Listen(services.Store.Path, _hostId, WakeUp);
    }

    /// <summary>Called after each step that changed something, with the runs that changed. From the loop: quick, and without exceptions.</summary>
    public Action<IReadOnlyList<UpdateRun>>? OnChanged { get; set; }

    /// <summary>Becomes the host's broker.</summary>
    /// <param name="services">What to work with.</param>
    /// <param name="onlyTask">
    /// The task whose runs alone may begin, for whoever wants one task done and not all that is due; <see langword="null"/> for all. What a
    /// broker before left under way is found and put back all the same.
    /// </param>
    /// <returns>The broker, not working yet.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.LeaseHeld"/>, with the process that is the broker and when that started.</exception>
    public static TaskBroker Open(BrokerServices services, Guid? onlyTask = null)
    {
        StoreLease lease = services.Store.AcquireLease($"broker of {services.Hypervisor.HostId}", "update tasks");
        try
        {
            return new TaskBroker(services, lease, onlyTask);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Makes the broker look at the store at once.</summary>
    public void WakeUp()
    {
        _isWoken = true;
        _inbox.Knock();
    }

    /// <summary>Works.</summary>
    /// <param name="until">How long.</param>
    /// <param name="stop">Nothing new begins; what was found asleep and has not got its task yet is put back; the rest ends first.</param>
    /// <param name="end">Ends now: what is under way goes on by itself, and the next start finds it.</param>
    /// <returns>What was done.</returns>
    public async Task<BrokerReport> RunAsync(BrokerUntil until, CancellationToken stop, CancellationToken end)
    {
        var runner = new ActionRunner(_services, _inbox, id => _state.Tasks.TryGetValue(id, out TrackedTask? task) ? task.Task : null, end);
        using IDisposable listening = _services.Guests.Listen(
            report => _inbox.Add(ActionRunner.Reported(report)), vm => _inbox.Add(new Observation.GuestSilent(vm)));
        using CancellationTokenRegistration stopping = stop.Register(() => _inbox.Add(new Observation.StopAsked()));
        using CancellationTokenRegistration ending = end.Register(_inbox.Knock);
        bool isOnceHeld = false;
        while (!end.IsCancellationRequested)
        {
            StepResult result = await StepAsync(runner.GivenUp.Values, end).ConfigureAwait(false);
            foreach (BrokerAction action in result.Actions)
            {
                _busy.Add(action.Vm);
                _underWay[action.Id] = (action, runner.RunAsync(action));
            }

            if (until == BrokerUntil.Once && !isOnceHeld)
            {
                isOnceHeld = true;
                _inbox.Add(new Observation.HostHeld(true));
            }
            else if (IsThrough(until))
            {
                break;
            }

            if (runner.Fault is { } fault)
            {
                throw new InvalidOperationException("The broker met a fault of its own; what was under way is written down.", fault);
            }

            ForgetHistory();
            await WaitAsync(result.NextIn, end).ConfigureAwait(false);
        }

        return new BrokerReport(_started, _succeeded, _failed, _services.Store.GetAwakeMachines(_hostId), _state.Runs.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _wake?.Dispose();
        _lease.Dispose();
    }

    private async Task<StepResult> StepAsync(ICollection<VmKey> givenUp, CancellationToken end)
    {
        List<Observation> observations = _loaded;
        _loaded = [];
        observations.AddRange(_inbox.Take());
        NoteEnds(observations);
        await ObserveAsync(observations, givenUp, end).ConfigureAwait(false);
        IClock clock = _services.Clock;
        (DateTime Utc, TimeSpan Monotonic) now = (clock.UtcNow, clock.Monotonic);
        if (_lastStep is { } last && (now.Monotonic - last.Monotonic > SleepSuspected || now.Utc - last.Utc - (now.Monotonic - last.Monotonic) > SleepSuspected))
        {
            observations.Insert(0, new Observation.HostSlept());
        }

        _lastStep = now;
        long orderBefore = _lastOrder;
        Ask(observations);
        StepResult result = BrokerStep.Step(_state, new BrokerTime(now.Utc, now.Monotonic), observations);
        Save(result, now.Utc, orderBefore != _lastOrder);
        return result;
    }

    private async Task ObserveAsync(List<Observation> observations, ICollection<VmKey> givenUp, CancellationToken end)
    {
        TimeSpan now = _services.Clock.Monotonic;
        if (_lastLook is { } last && now - last < _services.LookEvery)
        {
            return;
        }

        try
        {
            await _watch.LookAsync([.. _busy, .. givenUp], observations, end).ConfigureAwait(false);
            await _watch.MeasureAsync(observations, end).ConfigureAwait(false);
            _lastLook = now;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The loop ends with what it has.
        }
    }

    /// <summary>Asks the store what prompts wanted since.</summary>
    private void Ask(List<Observation> observations)
    {
        TimeSpan now = _services.Clock.Monotonic;
        if (_lastAsk is { } last && now - last < _services.AskStoreEvery && !_isWoken)
        {
            return;
        }

        // Before the store is asked: a signal that comes while it answers is not lost.
        _isWoken = false;
        _lastAsk = now;
        foreach (BrokerOrder order in _services.Store.GetOrders(_hostId, _lastOrder))
        {
            _lastOrder = order.Number;
            if (BrokerLoader.Read(_services.Store, _hostId, order) is { } observation)
            {
                observations.Add(observation);
            }
        }
    }

    private void ForgetHistory()
    {
        TimeSpan now = _services.Clock.Monotonic;
        if (_lastForget is { } last && now - last < ForgetEvery)
        {
            return;
        }

        DateTime before = _services.Clock.UtcNow - _state.Gate.Limits.KeepHistory;
        bool hasMore = false;
        _services.Store.Write(t => hasMore = t.ForgetHistory(_hostId, before));
        _lastForget = hasMore ? _lastForget : now;
    }

    private void NoteEnds(List<Observation> observations)
    {
        foreach (Observation.ActionEnded ended in observations.OfType<Observation.ActionEnded>())
        {
            if (!_underWay.TryGetValue(ended.ActionId, out (BrokerAction Action, Task Work) ended2))
            {
                continue;
            }

            _underWay.Remove(ended.ActionId);
            VmKey vm = ended2.Action.Vm;
            if (!_underWay.Values.Any(u => u.Action.Vm == vm))
            {
                _busy.Remove(vm);
            }

            // What the machine does now is looked at soon: at once when the action failed.
            _watch.Forget(vm);
            _lastLook = ended.Failure is null ? _lastLook : null;
        }
    }

    private void Save(StepResult result, DateTime utc, bool hasOrders)
    {
        (string NoRun, string NoWake) why = (Say(_state.WhyNoRun), Say(_state.WhyNoWake));
        if (!result.HasChanges && !hasOrders && why == _told)
        {
            return;
        }

        _told = why;
        _services.Store.Write(t => t.SaveStep(_hostId, result, _lastOrder, why.NoRun, why.NoWake, utc));
        foreach (JournalEntry entry in result.Journal)
        {
            _started += entry is { State: RunState.Waking } ? 1 : 0;
            _succeeded += entry is { State: RunState.Succeeded } ? 1 : 0;
            _failed += entry is { State: RunState.Failed or RunState.TimedOut } ? 1 : 0;
        }

        if (result.Runs.Count > 0)
        {
            OnChanged?.Invoke(result.Runs);
        }
    }

    private static string Say(GateDecision decision) => decision.IsOpen ? string.Empty : $"{decision.Reason}: {decision.Detail}";

    private bool IsThrough(BrokerUntil until)
    {
        if (!_state.IsQuiet || _underWay.Count > 0)
        {
            return false;
        }

        return _state.IsStopping || until switch
        {
            BrokerUntil.Empty => _state.Runs.Count == 0,
            BrokerUntil.Stopped => false,
            BrokerUntil.Once => _state.IsHeld,

            // What somebody suspended is not due until somebody resumes it.
            _ => _state.IsHeld || _state.Gate.Limits.IsInMaintenance || _state.ReadyAwake.Count == 0 && _state.ReadyAsleep.Values.All(r => r.Waits.Reason == RunReason.NeverFits),
        };
    }

    private async Task WaitAsync(TimeSpan? nextIn, CancellationToken end)
    {
        TimeSpan wait = _services.AskStoreEvery < _services.LookEvery ? _services.AskStoreEvery : _services.LookEvery;
        if (nextIn is { } next && next < wait)
        {
            wait = next;
        }

        // Also after a step that left something to do at once, the news are given a moment to gather.
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(end);
        await Task.WhenAny(_inbox.News, _services.Clock.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), cut.Token)).ConfigureAwait(false);
        cut.Cancel();
    }
}
