using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Tasks;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Removes update tasks. Their runs that wait are called off; those under way are told to stop. What happened stays to be read.</summary>
/// <remarks>
/// What a guest is in the midst of, it ends first: a machine that is applying or restarting is not disturbed. Patterns are refused, and
/// '*' never means all: -All does. With -ComputerName or -Session it is the tasks of other computers.
/// </remarks>
/// <example>
/// Removes a task.
/// <code>Unregister-VmUpdateTask -Name Patch -Force</code>
/// </example>
/// <example>
/// Removes those that are through.
/// <code>Get-VmUpdateTask | Where-Object { $_.OpenRuns -eq 0 -and -not $_.Schedule } | Unregister-VmUpdateTask -Force</code>
/// </example>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="NothingNamed">no task was named, and -All was not given.</error>
/// <error id="WildcardsNotAllowed">-Name holds * or ?.</error>
/// <error id="WrongHost">a task that was piped in is of another host.</error>
[Cmdlet(VerbsLifecycle.Unregister, "VmUpdateTask", DefaultParameterSetName = ByName, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class UnregisterVmUpdateTaskCommand : RemotableTaskCmdlet
{
    private const string ByName = "Task";
    private const string ByAll = "All";

    private readonly Dictionary<Guid, UpdateTask> _agreed = [];

    /// <summary>The names of tasks.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>All tasks of the host.</summary>
    [Parameter(ParameterSetName = ByAll, Mandatory = true)]
    public SwitchParameter All { get; set; }

    /// <summary>Asks nobody.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Name.Length == 0 && !All)
        {
            ThrowTerminatingError(CommandErrors.NothingNamed(MyInvocation.MyCommand.Name, "tasks: name them with -Name, or give -All"));
        }

        string names = All ? "all tasks" : $"'{string.Join("', '", Name)}'";
        if (!WorksThere())
        {
            if (!IsOfAnotherHost(names, ComputerName))
            {
                Agree(All ? Connection.Store.GetTasks(Connection.Host.HostId) : Name.Select(FindToAct).OfType<TaskRecord>());
            }
        }
        else if (Confirmed($"Remove {names} on other computers.", $"Remove {names} on other computers?", Force))
        {
            string parameter = All ? nameof(All) : nameof(Name);
            IsDoneThere(new Dictionary<string, object?> { [parameter] = All ? true : Name, [nameof(Force)] = true });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_agreed.Count > 0)
        {
            ForEachTarget(_agreed.Values, () => Connection.Tasks.Remove(_agreed.Keys));
        }
    }

    private void Agree(IEnumerable<TaskRecord> records)
    {
        foreach (TaskRecord record in records)
        {
            string open = record.OpenRuns == 0 ? string.Empty : $", of which {record.OpenRuns} runs are open";
            if (Confirmed($"Remove the task '{record.Task.Name}'{open}.", $"Remove the task '{record.Task.Name}'{open}?", Force))
            {
                _agreed[record.Task.Id] = record.Task;
            }
        }
    }
}
