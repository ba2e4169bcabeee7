using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows update tasks: what they do, to which machines, when, with which limits, and how many of their runs have ended.</summary>
/// <remarks>
/// Limits that were not given are shown as the kind set them. What became of a task on each machine is shown by
/// <see cref="GetVmUpdateRunCommand"/>. With -ComputerName or -Session the tasks of other computers are shown.
/// </remarks>
/// <example>
/// Shows all tasks.
/// <code>Get-VmUpdateTask</code>
/// </example>
/// <example>
/// Shows one with all that is known of it, what the agent is handed too.
/// <code>Get-VmUpdateTask -Name Patch -Detailed | Format-List *</code>
/// </example>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="TaskPayloadChanged">with -Detailed: the payload is not what was registered.</error>
/// <error id="WrongHost">a task that was piped in is of another host.</error>
[Cmdlet(VerbsCommon.Get, "VmUpdateTask")]
[OutputType(typeof(VmUpdateTask))]
public sealed class GetVmUpdateTaskCommand : RemotableTaskCmdlet
{
    /// <summary>The names of tasks; * and ? stand for any characters. All tasks without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Shows the payload, too: the command or script, or the bytes in base 64.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (IsDoneThere(new Dictionary<string, object?> { [nameof(Name)] = Name, [nameof(Detailed)] = Detailed.IsPresent }) || IsOfAnotherHost(Name[0], ComputerName))
        {
            return;
        }

        foreach (string name in Name)
        {
            ForEachTarget(name, () =>
            {
                foreach (TaskRecord record in Find(name))
                {
                    Write(record, Detailed);
                }
            });
        }
    }
}
