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

    /// <summary>Begins an action; its end is told by <see cref="Observation.ActionEnded"/>.</summary>
    /// <param name="action">The action.</param>
    /// <returns>Completes when it has ended; never fails.</returns>
    public async Task RunAsync(BrokerAction action)
    {
        ActionFailure? failure = null;
        try
        {
            Task work = Begin(action);
            await work.ConfigureAwait(false);
        }
        catch (VmUpdateException foreseen)
        {
            failure = new ActionFailure(foreseen.Code, foreseen.Message, foreseen.IsTransient);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            failure = new ActionFailure("Ended", "the broker was ended", true);
        }
#pragma warning disable CA1031 // a bug in one machine's action ends in the journal first, and is thrown when the loop has written it down
        catch (Exception bug)
        {
            Fault ??= bug;
            failure = new ActionFailure("Unexpected", $"a fault in VmUpdate: {bug.GetType().Name}: {bug.Message}", false);
        }
#pragma warning restore CA1031
        _inbox.Add(new Observation.ActionEnded(action.Id, failure));
    }

    private Task Begin(BrokerAction action) => action switch
    {
        BrokerAction.Wake wake => WakeAsync(wake),
        BrokerAction.AwaitGuest awaited => AwaitGuestAsync(awaited),
        BrokerAction.HandOver handOver => HandOverAsync(handOver),
        BrokerAction.AskProgress ask => AskProgressAsync(ask),
        BrokerAction.CancelInGuest cancel => _services.Guests.CancelAsync(cancel.Vm, cancel.RunId, cancel.Attempt, _end),
        BrokerAction.RestartGuest restart => _services.Guests.RestartAsync(restart.Vm, _end),
        BrokerAction.ReadSessions read => ReadSessionsAsync(read.Vm),
        BrokerAction.PutBack putBack => PutBackAsync(putBack),
        BrokerAction.ClearMark clear => _services.Hypervisor.SetMarkAsync(clear.Vm, VmMarks.Woken, null, _end),
        _ => throw new InvalidOperationException($"The runner knows no action {action.GetType().Name}."),
    };

    private async Task WakeAsync(BrokerAction.Wake wake)
    {
        IHypervisor host = _services.Hypervisor;
        await host.SetMarkAsync(wake.Vm, VmMarks.Woken, wake.From.ToString(), _end).ConfigureAwait(false);
        await (wake.From == VmPowerState.Paused ? host.ResumeAsync(wake.Vm, _end) : host.StartAsync(wake.Vm, _end)).ConfigureAwait(false);
    }

    private async Task PutBackAsync(BrokerAction.PutBack putBack)
    {
        IHypervisor host = _services.Hypervisor;
        await (putBack.To switch
        {
            VmPowerState.Saved => host.SaveAsync(putBack.Vm, _end),
            VmPowerState.Paused => host.PauseAsync(putBack.Vm, _end),
            _ => host.ShutDownAsync(putBack.Vm, putBack.Timeout, _end),
        }).ConfigureAwait(false);
        await host.SetMarkAsync(putBack.Vm, VmMarks.Woken, null, _end).ConfigureAwait(false);
    }

    private async Task AwaitGuestAsync(BrokerAction.AwaitGuest awaited)
    {
        await _services.Guests.WaitUntilReadyAsync(awaited.Vm, awaited.Timeout, _end).ConfigureAwait(false);
        IReadOnlyList<UserSession>? sessions = await _services.Sessions.GetSessionsAsync(awaited.Vm, _end).ConfigureAwait(false);
        _inbox.Add(new Observation.GuestAnswered(awaited.Vm, sessions));
    }

    private Task HandOverAsync(BrokerAction.HandOver handOver)
    {
        UpdateTask task = _findTask(handOver.TaskId)
            ?? throw new TaskException(TaskDefect.NotFound, handOver.TaskId.ToString("D"), "the task is gone.");
        TaskPayload payload = _services.Store.GetPayload(task);
        return _services.Guests.HandOverAsync(
            handOver.Vm, new GuestTask(handOver.RunId, handOver.Attempt, task, payload, handOver.MayRestart), _end);
    }

    private async Task AskProgressAsync(BrokerAction.AskProgress ask)
    {
        GuestTaskReport? report = await _services.Guests.GetProgressAsync(ask.Vm, ask.RunId, ask.Attempt, _end).ConfigureAwait(false);
        _inbox.Add(report is null
            ? new Observation.ActionEnded(ask.Id, new ActionFailure(nameof(RunReason.GuestForgot), "the guest knows nothing of the run", false))
            : Reported(report with { Vm = ask.Vm }));
    }

    private async Task ReadSessionsAsync(VmKey vm)
    {
        IReadOnlyList<UserSession>? sessions = await _services.Sessions.GetSessionsAsync(vm, _end).ConfigureAwait(false);
        _inbox.Add(new Observation.SessionsSeen(vm, sessions));
    }

    /// <summary>What a guest says, as an observation.</summary>
    /// <param name="report">What it says.</param>
    /// <returns>The observation.</returns>
    public static Observation.GuestReported Reported(GuestTaskReport report) =>
        new(report.Vm, report.RunId, report.Attempt, report.Status, report.Percent, report.NeedsRestart, report.Message);
}
