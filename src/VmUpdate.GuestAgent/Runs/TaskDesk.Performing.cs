using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Runs;

// The work on one run, from its beginning, through restarts, to its end.
internal sealed partial class TaskDesk
{
    private const int MaxRestarts = 20;
    private const int LongestMessage = 2000;
    private const string BackMessage = "the machine is back from the restart";
    private const string CanceledMessage = "given up, as the host asked";

    /// <summary>The longest time-out that timers know; what is longer is none.</summary>
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(24);

    private void Resume(Run run)
    {
        RunRecord record = run.Record;
        bool isSameBoot = record.Boot == machine.Boot;
        if (record.Report.Status != (int)RunStatus.Rebooting)
        {
            End(run, RunStatus.Failed, false, isSameBoot
                ? "the agent was ended while the task ran; what it had started may still be at work"
                : "the machine went down while the task ran");
        }
        else if (record.IsCanceled)
        {
            End(run, RunStatus.Failed, needsRestart: isSameBoot, CanceledMessage);
        }
        else if (isSameBoot)
        {
            run.Work = Task.Run(() => RestartMachine(run));
        }
        else if (agents.Find(record.Task.Instructor, out string whyNone) is { } agent)
        {
            run.Record = record with { Boot = machine.Boot };
            run.IsBackUntold = true;
            Report(run, RunStatus.Rebooted, record.Report.Percent, BackMessage);
            run.Work = Task.Run(() => PerformAsync(run, agent));
        }
        else
        {
            End(run, RunStatus.Failed, false, whyNone);
        }
    }

    private async Task PerformAsync(Run run, IUpdateAgent agent)
    {
        StartTask task = run.Record.Task;
        var timeout = TimeSpan.FromSeconds(task.TimeoutSeconds);
        if (timeout > TimeSpan.Zero && timeout < LongestTimeout)
        {
            run.Stop.CancelAfter(timeout);
        }

        var work = new AgentWork(
            task, book.FolderOf(task), book.PayloadOf(task), run.Record.Restarts, (status, percent, message) => Report(run, status, percent, message));
        try
        {
            Take(run, await agent.PerformAsync(work, run.Stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (run.Stop.IsCancellationRequested)
        {
            End(run, RunStatus.Failed, false, run.Record.IsCanceled ? CanceledMessage : $"broken off: it took longer than {task.TimeoutSeconds} s");
        }
#pragma warning disable CA1031 // Whatever an agent's bug is, its run must end, and the others go on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            End(run, RunStatus.Failed, false, failure is IOException or UnauthorizedAccessException ? failure.Message : $"the update agent failed: {failure}");
        }
    }

    private void Take(Run run, AgentOutcome outcome)
    {
        switch (outcome.End)
        {
            case AgentEnd.Done:
                End(run, RunStatus.Success, false, outcome.Message);
                break;
            case AgentEnd.DoneButRestart:
                End(run, RunStatus.Success, true, outcome.Message);
                break;
            case AgentEnd.GoesOnAfterRestart when !run.Record.Task.MayRestart:
                End(run, RunStatus.Failed, true, "it must go on after a restart, and the task may not restart the machine");
                break;
            case AgentEnd.GoesOnAfterRestart when run.Record.Restarts >= MaxRestarts:
                End(run, RunStatus.Failed, true, $"it wants to restart the machine for the {MaxRestarts + 1}th time");
                break;
            case AgentEnd.GoesOnAfterRestart:
                GoDown(run, outcome.Message);
                break;
            default:
                End(run, RunStatus.Failed, false, outcome.Message);
                break;
        }
    }

    private void GoDown(Run run, string message)
    {
        lock (_gate)
        {
            if (run.Record.IsCanceled)
            {
                End(run, RunStatus.Failed, true, CanceledMessage);
                return;
            }

            TaskReport report = run.Record.Report with { Status = (int)RunStatus.Rebooting, Message = OneLine.Of(message, LongestMessage) };
            run.Record = run.Record with { Report = report, Boot = machine.Boot, Restarts = run.Record.Restarts + 1, Changed = DateTime.UtcNow };

            // A restart that is not on disk would end the run: then it fails here, with its reason.
            book.Save(run.Record);
            tell(report);
        }

        RestartMachine(run);
    }

    private void RestartMachine(Run run)
    {
        try
        {
            beforeRestart();
            machine.Restart();
        }
        catch (VerbException failure)
        {
            End(run, RunStatus.Failed, true, $"the machine cannot be restarted: {failure.Message}");
        }
    }

    private void Report(Run run, RunStatus status, int? percent, string message)
    {
        lock (_gate)
        {
            if (run.Record.IsOver)
            {
                return;
            }

            bool isNews = run.Record.Report.Status != (int)status;
            Note(run, run.Record.Report with { Status = (int)status, Percent = percent, Message = OneLine.Of(message, LongestMessage) }, isNews);
        }
    }

    private void End(Run run, RunStatus status, bool needsRestart, string message)
    {
        lock (_gate)
        {
            StartTask task = run.Record.Task;
            log.Write($"Run {task.RunId}, attempt {task.Attempt}: {status}{(needsRestart ? ", a restart is needed" : string.Empty)}. {message}");
            int? percent = status == RunStatus.Success ? 100 : run.Record.Report.Percent;
            Note(run, new TaskReport(task.RunId, task.Attempt, (int)status, percent, needsRestart, OneLine.Of(message, LongestMessage)), isNews: true);
        }
    }

    private void Note(Run run, TaskReport report, bool isNews)
    {
        run.Record = run.Record with { Report = report, Changed = DateTime.UtcNow };
        if (isNews)
        {
            TrySave(run);
        }

        if (isNews || run.Words.TryTake())
        {
            tell(report);
        }
    }

    /// <summary>Notes on disk how a run stands.</summary>
    /// <returns>Why it cannot be; empty when it is.</returns>
    private string TrySave(Run run)
    {
        try
        {
            book.Save(run.Record);
            return string.Empty;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.Write($"Run {run.Record.Task.RunId}: how it stands cannot be noted: {failure.Message}");
            return failure.Message;
        }
    }
}
