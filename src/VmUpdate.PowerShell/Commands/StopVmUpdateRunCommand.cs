using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Calls update runs off: those that wait never begin, those under way are told to stop.</summary>
/// <remarks>
/// The broker does it, at once when it runs and when it is started next otherwise. A guest that is applying or restarting ends that first; no
/// machine is turned off. A recurring task comes again at its next time; Suspend-VmUpdateTask and Unregister-VmUpdateTask stop the task.
/// Patterns are refused, and '*' never means all: -All does.
/// </remarks>
/// <example>
/// Calls off what a task has not done yet.
/// <code>Stop-VmUpdateRun -TaskName Patch</code>
/// </example>
/// <example>
/// Calls off what waits for memory.
/// <code>Get-VmUpdateRun -Open | Where-Object Reason -eq WaitingForMemory | Stop-VmUpdateRun</code>
/// </example>
/// <error id="NothingNamed">neither runs, tasks nor machines were named, and -All was not given.</error>
/// <error id="WildcardsNotAllowed">a name holds * or ?.</error>
/// <error id="StoreNotFound">the run has ended meanwhile, or there is none of that id.</error>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="WrongHost">what was piped in is of another host.</error>
[Cmdlet(VerbsLifecycle.Stop, "VmUpdateRun", SupportsShouldProcess = true)]
public sealed class StopVmUpdateRunCommand : RunCmdlet
{
    private readonly HashSet<Guid> _asked = [];

    /// <summary>All runs of the host that have not ended.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (NamesNothing && !All)
        {
            ThrowTerminatingError(CommandErrors.NothingNamed(MyInvocation.MyCommand.Name, "runs: use -RunId, -TaskName, -VMName, or -All"));
        }
        else if (IsAnotherHost(ComputerName))
        {
            WriteError(CommandErrors.WrongHost(VMName.Concat(TaskName).FirstOrDefault() ?? string.Empty, ComputerName, HostName));
        }
        else if ((TaskId.Length > 0 ? [] : TaskName).Concat(VMId.Length > 0 ? [] : VMName).FirstOrDefault(WildcardPattern.ContainsWildcardCharacters) is { } pattern)
        {
            WriteError(CommandErrors.WildcardsNotAllowed(pattern, "Pipe in what Get-VmUpdateRun"));
        }
        else
        {
            ForEachTarget(HostName, Stop);
        }
    }

    private void Stop()
    {
        string hostId = Connection.Host.HostId;
        IReadOnlyDictionary<Guid, string> names = Connection.Store.GetTaskNames(hostId);
        foreach (string name in TaskName.Where(_ => TaskId.Length == 0))
        {
            Connection.Tasks.Get(name);
        }

        List<UpdateRun> open = [.. Meant(Connection.Store.GetOpenRuns(hostId), names)];
        foreach (UpdateRun run in open.Where(run => _asked.Add(run.Id)))
        {
            if (ShouldProcess($"task '{NameOf(run, names)}' on virtual machine '{run.VmName}' ({run.State})", "Call off"))
            {
                ForEachTarget(run.Id, () => Connection.Tasks.Cancel(run.Id));
            }
        }

        // An id names one run: that there is none is worth an error, where a task or a machine without open runs is none.
        foreach (Guid missing in RunId.Where(id => !_asked.Contains(id)))
        {
            ForEachTarget(missing, () => Connection.Tasks.Cancel(missing));
        }
    }
}
