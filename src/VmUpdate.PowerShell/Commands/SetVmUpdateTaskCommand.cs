using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Tasks;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Changes update tasks: when their runs start, how long they may take, how urgent they are, what is done when they fail.</summary>
/// <remarks>
/// What is not given stays; $null takes a time away. Runs that wait go by the change at once, in a running broker too; those under way are
/// not touched. What a task does and to which machines cannot be changed: Register-VmUpdateTask -Force replaces it.
/// </remarks>
/// <example>
/// Moves a task to the next weekend, and makes it stop at the first failure.
/// <code>Set-VmUpdateTask -Name Patch -Window 'Sat,Sun 00:00-23:59' -StopOnFailureCount 1</code>
/// </example>
/// <example>
/// Makes what waits urgent.
/// <code>Get-VmUpdateTask | Where-Object OpenRuns -gt 0 | Set-VmUpdateTask -Urgent</code>
/// </example>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="NothingToChange">nothing was said that should change.</error>
/// <error id="WildcardsNotAllowed">-Name holds * or ?.</error>
/// <error id="TaskEndBeforeStart">the latest start is before the earliest.</error>
/// <error id="TaskNeverFires">-Schedule has no time before the end.</error>
/// <error id="TaskBadWindow">-Window cannot be read.</error>
/// <error id="TaskBadLimit">a time-out, a retry or a limit is out of its range.</error>
/// <error id="TaskUnknownTimeZone">-TimeZone is not known here.</error>
[Cmdlet(VerbsCommon.Set, "VmUpdateTask", SupportsShouldProcess = true)]
[OutputType(typeof(Output.VmUpdateTask))]
public sealed class SetVmUpdateTaskCommand : TaskSettingsCmdlet
{
    private TaskSurroundings? _surroundings;

    /// <summary>The names of tasks.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (TaskRecord record in Name.Select(FindToAct).OfType<TaskRecord>())
        {
            ForEachTarget(record.Task.Name, () => Change(record));
        }
    }

    private void Change(TaskRecord record)
    {
        UpdateTask changed = Apply(record.Task);
        if (MyInvocation.BoundParameters.Keys.All(key => key is nameof(Name) or nameof(PassThru) || CommonParameters.Contains(key) || OptionalCommonParameters.Contains(key)))
        {
            WriteError(CommandErrors.NothingToChange(MyInvocation.MyCommand.Name));
            return;
        }

        _surroundings ??= Await(stop => Connection.Tasks.LookAsync(stop));
        foreach (TaskFinding warning in Connection.Tasks.Require(changed, _surroundings).Warnings)
        {
            WriteWarning($"{changed.Name}: {warning.Message}");
        }

        if (ShouldProcess($"task '{changed.Name}'", "Change"))
        {
            Connection.Tasks.Change(record.Task, changed);
            if (PassThru)
            {
                Write(record with { Task = changed });
            }
        }
    }
}
