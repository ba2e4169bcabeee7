using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows update runs: one task on one machine, where it is and why, or how it ended. It explains what happened.</summary>
/// <remarks>
/// <para>
/// A run that waits says what it waits for, with the numbers: WaitingForMemory, 2.1 GiB free, 4.0 GiB needed + 4.0 GiB reserve. One that has
/// ended says how. -Detailed adds the journal: each state that it went through, with time and reason.
/// </para>
/// <para>
/// States: Pending, Held, Waking, Searching, Downloading, Applying, Rebooting, Rebooted; Succeeded (perhaps RestartPending), Failed,
/// TimedOut, Canceled, Moved (the machine left the host), LeftAwake (the machine could not be put back; Outcome says how the update ended).
/// </para>
/// </remarks>
/// <example>
/// Shows what waits and what is under way.
/// <code>Get-VmUpdateRun -Open</code>
/// </example>
/// <example>
/// Shows what happened to a machine, step by step.
/// <code>Get-VmUpdateRun -VMName DESK-01 -Detailed | ForEach-Object { $_.Journal }</code>
/// </example>
/// <example>
/// Shows what went wrong.
/// <code>Get-VmUpdateRun -State Failed, TimedOut, LeftAwake</code>
/// </example>
/// <error id="TaskNotFound">there is, and was, no task of that name.</error>
/// <error id="WrongHost">what was piped in is of another host.</error>
[Cmdlet(VerbsCommon.Get, "VmUpdateRun")]
[OutputType(typeof(VmUpdateRun))]
public sealed class GetVmUpdateRunCommand : RunCmdlet
{
    /// <summary>Only runs in these states.</summary>
    [Parameter]
    public RunState[] State { get; set; } = [];

    /// <summary>Only runs that have not ended.</summary>
    [Parameter]
    public SwitchParameter Open { get; set; }

    /// <summary>Shows the journal, too.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (IsAnotherHost(ComputerName))
        {
            WriteError(CommandErrors.WrongHost(VMName.Concat(TaskName).FirstOrDefault() ?? string.Empty, ComputerName, HostName));
            return;
        }

        ForEachTarget(HostName, Show);
    }

    private void Show()
    {
        string hostId = Connection.Host.HostId;
        IReadOnlyDictionary<Guid, string> names = Connection.Store.GetTaskNames(hostId);
        foreach (string name in TaskName.Where(name => TaskId.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name)))
        {
            if (!names.Values.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                WriteError(ErrorTable.Record(new TaskException(TaskDefect.NotFound, name, $"the host {HostName} has no task of that name, and had none."), name));
            }
        }

        List<UpdateRun> runs = [.. Meant(Open ? Connection.Store.GetOpenRuns(hostId) : Connection.Store.GetRuns(hostId), names)
            .Where(run => State.Length == 0 || State.Contains(run.State))];
        Func<UpdateRun, RunExplanation> explain = runs.Exists(run => run.State == RunState.Pending)
            ? Explainer(hostId)
            : run => new RunExplanation(run.Reason, run.Detail);
        foreach (UpdateRun run in runs)
        {
            WriteObject(new VmUpdateRun(run, NameOf(run, names), explain(run), Detailed ? Connection.Store.GetJournal(run.Id) : [], HostName));
        }
    }

    private Func<UpdateRun, RunExplanation> Explainer(string hostId)
    {
        Dictionary<Guid, UpdateTask> tasks = Connection.Store.GetTasks(hostId).ToDictionary(record => record.Task.Id, record => record.Task);
        BrokerStatus? said = Connection.Store.FindBrokerStatus(hostId);
        DateTime now = Connection.Broker.Clock.UtcNow;
        HashSet<VmKey> awake = [.. GetMachines(VmSelection.All)
            .Where(machine => machine.Machine.State == VmPowerState.Running)
            .Select(machine => machine.Machine.Key)];
        return run => RunExplanation.Of(run, tasks.TryGetValue(run.TaskId, out UpdateTask? task) ? task : null, said, !awake.Contains(run.Vm), now);
    }
}
