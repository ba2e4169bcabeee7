using System.Collections.Concurrent;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Carries the broker's actions out, side by side, and tells their ends.</summary>
internal sealed class ActionRunner
{
    private readonly BrokerServices _services;
    private readonly BrokerInbox _inbox;
    private readonly Func<Guid, UpdateTask?> _findTask;
    private readonly CancellationToken _end;

    /// <summary>Makes it.</summary>
    /// <param name="services">What to work with.</param>
    /// <param name="inbox">Takes what is observed.</param>
    /// <param name="findTask">Finds a task; called on the loop's thread.</param>
    /// <param name="end">Breaks off what is under way.</param>
    public ActionRunner(BrokerServices services, BrokerInbox inbox, Func<Guid, UpdateTask?> findTask, CancellationToken end)
    {
        _services = services;
        _inbox = inbox;
        _findTask = findTask;
        _end = end;
    }

    /// <summary>What went wrong that nobody foresaw; a bug.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>The machines of calls that were given up and have not ended: what is seen of them may change at any moment.</summary>
    public ConcurrentDictionary<long, VmKey> GivenUp { get; } = new();

    /// <summary>Begins an action; its end is told by <see cref="Observation.ActionEnded"/>.</summary>
    /// <param name="action">The action.</param>
    /// <returns>Completes when it has ended or was given up; never fails.</returns>
    public async Task RunAsync(BrokerAction action)
    {
        UpdateTask? task = action is BrokerAction.HandOver handOver ? _findTask(handOver.TaskId) : null;
        TimeSpan limit = _services.CallLimit + action switch
        {
            BrokerAction.AwaitGuest awaited => awaited.Timeout,
            BrokerAction.PutBack putBack => putBack.Timeout,
            _ => TimeSpan.Zero,
        };
        Task<ActionFailure?> work = await Patience.TryAsync(stop => PerformAsync(action, task, stop), limit, _services.Clock, _end).ConfigureAwait(false);
        if (work.IsCompleted || _end.IsCancellationRequested)
        {
            _inbox.Add(new Observation.ActionEnded(action.Id, await work.ConfigureAwait(false)));
            return;
        }

        GivenUp.TryAdd(action.Id, action.Vm);
        _ = work.ContinueWith(_ => GivenUp.TryRemove(action.Id, out VmKey _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        string what = action.GetType().Name;
        _inbox.Add(new Observation.ActionEnded(
            action.Id,
            new ActionFailure(nameof(RunReason.CallNotEnded), $"the host was asked for {what} and has not answered for {limit}; it may still do it", true)));
    }

    private async Task<ActionFailure?> PerformAsync(BrokerAction action, UpdateTask? task, CancellationToken stop)
    {
        try
        {
            await Begin(action, task, stop).ConfigureAwait(false);
            return null;
        }
        catch (VmUpdateException foreseen)
        {
            return new ActionFailure(foreseen.Code, foreseen.Message, foreseen.IsTransient);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new ActionFailure("Ended", "the broker was ended", true);
        }
#pragma warning disable CA1031 // a bug in one machine's action ends in the journal first, and is thrown when the loop has written it down
        catch (Exception bug)
        {
            Fault ??= bug;
            return new ActionFailure("Unexpected", $"a fault in VmUpdate: {bug.GetType().Name}: {bug.Message}", false);
        }
#pragma warning restore CA1031
    }

    private Task Begin(BrokerAction action, UpdateTask? task, CancellationToken stop) => action switch
    {
        BrokerAction.Wake wake => WakeAsync(wake, stop),
        BrokerAction.AwaitGuest awaited => AwaitGuestAsync(awaited, stop),
        BrokerAction.HandOver handOver => HandOverAsync(handOver, task, stop),
        BrokerAction.AskProgress ask => AskProgressAsync(ask, stop),
        BrokerAction.CancelInGuest cancel => _services.Guests.CancelAsync(cancel.Vm, cancel.RunId, cancel.Attempt, stop),
        BrokerAction.RestartGuest restart => _services.Guests.RestartAsync(restart.Vm, stop),
        BrokerAction.ReadSessions read => ReadSessionsAsync(read.Vm, stop),
        BrokerAction.PutBack putBack => PutBackAsync(putBack, stop),
        BrokerAction.ClearMark clear => _services.Hypervisor.SetMarkAsync(clear.Vm, VmMarks.Woken, null, stop),
        _ => throw new InvalidOperationException($"The runner knows no action {action.GetType().Name}."),
    };

    private async Task WakeAsync(BrokerAction.Wake wake, CancellationToken stop)
    {
        IHypervisor host = _services.Hypervisor;
        await host.SetMarkAsync(wake.Vm, VmMarks.Woken, wake.From.ToString(), stop).ConfigureAwait(false);
        await (wake.From == VmPowerState.Paused ? host.ResumeAsync(wake.Vm, stop) : host.StartAsync(wake.Vm, stop)).ConfigureAwait(false);
    }

    private async Task PutBackAsync(BrokerAction.PutBack putBack, CancellationToken stop)
    {
        IHypervisor host = _services.Hypervisor;
        await (putBack.To switch
        {
            VmPowerState.Saved => host.SaveAsync(putBack.Vm, stop),
            VmPowerState.Paused => host.PauseAsync(putBack.Vm, stop),
            _ => host.ShutDownAsync(putBack.Vm, putBack.Timeout, stop),
        }).ConfigureAwait(false);
        await host.SetMarkAsync(putBack.Vm, VmMarks.Woken, null, stop).ConfigureAwait(false);
    }

    private async Task AwaitGuestAsync(BrokerAction.AwaitGuest awaited, CancellationToken stop)
    {
        await _services.Guests.WaitUntilReadyAsync(awaited.Vm, awaited.Timeout, stop).ConfigureAwait(false);
        IReadOnlyList<UserSession>? sessions = await _services.Sessions.GetSessionsAsync(awaited.Vm, stop).ConfigureAwait(false);
        _inbox.Add(new Observation.GuestAnswered(awaited.Vm, sessions));
    }

    private Task HandOverAsync(BrokerAction.HandOver handOver, UpdateTask? found, CancellationToken stop)
    {
        UpdateTask task = found
            ?? throw new TaskException(TaskDefect.NotFound, handOver.TaskId.ToString("D"), "the task is gone.");
        TaskPayload payload = _services.Store.GetPayload(task);
        return _services.Guests.HandOverAsync(
            handOver.Vm, new GuestTask(handOver.RunId, handOver.Attempt, task, payload, handOver.MayRestart), stop);
    }

    private async Task AskProgressAsync(BrokerAction.AskProgress ask, CancellationToken stop)
    {
        GuestTaskReport? report = await _services.Guests.GetProgressAsync(ask.Vm, ask.RunId, ask.Attempt, stop).ConfigureAwait(false);
        _inbox.Add(report is null
            ? new Observation.ActionEnded(ask.Id, new ActionFailure(nameof(RunReason.GuestForgot), "the guest knows nothing of the run", false))
            : Reported(report with { Vm = ask.Vm }));
    }

    private async Task ReadSessionsAsync(VmKey vm, CancellationToken stop)
    {
        IReadOnlyList<UserSession>? sessions = await _services.Sessions.GetSessionsAsync(vm, stop).ConfigureAwait(false);
        _inbox.Add(new Observation.SessionsSeen(vm, sessions));
    }

    /// <summary>What a guest says, as an observation.</summary>
    /// <param name="report">What it says.</param>
    /// <returns>The observation.</returns>
    public static Observation.GuestReported Reported(GuestTaskReport report) =>
        new(report.Vm, report.RunId, report.Attempt, report.Status, report.Percent, report.NeedsRestart, report.Message);
}
