using System.Globalization;
using VmUpdate.Core.Broker;

namespace VmUpdate.PowerShell.Output;

/// <summary>One update task on one machine, once: where it is, why, and how it ended. Times are in UTC.</summary>
public sealed class VmUpdateRun
{
    internal VmUpdateRun(UpdateRun run, string taskName, RunExplanation why, IReadOnlyList<JournalEntry> journal, string computerName)
    {
        RunId = run.Id;
        TaskName = taskName;
        TaskId = run.TaskId;
        VMName = run.VmName;
        VMId = run.Vm.VmId;
        State = run.State;
        Reason = why.Reason;
        Detail = why.Detail;
        Outcome = run.Outcome ?? (run.State.IsEnded() ? run.State : null);
        RestartPending = run.IsRestartPending;
        Overdue = run.IsOverdue;
        CancelAsked = run.IsCancelAsked;
        PercentComplete = run.Percent;
        Occurrence = run.Occurrence;
        Attempt = run.Attempt;
        Restarts = run.Restarts;
        (Due, NotBefore, Started, Ended) = (run.Due, run.NotBefore, run.Started, run.Ended);
        Journal = new NameList(journal.Select(Line));
        ComputerName = computerName;
    }

    /// <summary>Its id.</summary>
    public Guid RunId { get; }

    /// <summary>Its task's name.</summary>
    public string TaskName { get; }

    /// <summary>Its task's id.</summary>
    public Guid TaskId { get; }

    /// <summary>Its machine's name.</summary>
    public string VMName { get; }

    /// <summary>Its machine's id.</summary>
    public Guid VMId { get; }

    /// <summary>Where it is.</summary>
    public RunState State { get; }

    /// <summary>Why it is there, in one word.</summary>
    public RunReason Reason { get; }

    /// <summary>Why it is there, in one sentence with its numbers.</summary>
    public string Detail { get; }

    /// <summary>How it ended, although its machine was perhaps left awake afterwards; empty while it has not.</summary>
    public RunState? Outcome { get; }

    /// <summary>Whether a restart that the update needs is still to come.</summary>
    public bool RestartPending { get; }

    /// <summary>Whether its deadline passed before it ended.</summary>
    public bool Overdue { get; }

    /// <summary>Whether it was called off.</summary>
    public bool CancelAsked { get; }

    /// <summary>How far the guest says it is.</summary>
    public int? PercentComplete { get; }

    /// <summary>1 for the first, and one more each time that a recurring task comes again.</summary>
    public int Occurrence { get; }

    /// <summary>1 for the first try.</summary>
    public int Attempt { get; }

    /// <summary>How often the guest restarted.</summary>
    public int Restarts { get; }

    /// <summary>The time that its schedule gave it.</summary>
    public DateTime Due { get; }

    /// <summary>Its earliest start, with jitter and waits before retries.</summary>
    public DateTime NotBefore { get; }

    /// <summary>When it first began.</summary>
    public DateTime? Started { get; }

    /// <summary>When it ended.</summary>
    public DateTime? Ended { get; }

    /// <summary>What happened, a line each; empty unless -Detailed was given.</summary>
    public NameList Journal { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{TaskName} on {VMName}: {State}";

    private static string Line(JournalEntry entry) => string.Join(
        " ",
        new[]
        {
            entry.Time.ToString("u", CultureInfo.InvariantCulture),
            entry.State?.ToString() ?? string.Empty,
            entry.Reason == RunReason.None ? string.Empty : $"{entry.Reason}:",
            entry.Detail,
        }.Where(part => part.Length > 0));
}
