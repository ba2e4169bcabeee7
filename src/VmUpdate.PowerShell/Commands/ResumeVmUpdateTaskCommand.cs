using System.Management.Automation;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Resumes update tasks, machines, or all work on the host.</summary>
/// <remarks>
/// A task that too many failures hold is resumed by this, too; its failures are counted anew from then on. What was suspended in one way is
/// not resumed in another: a suspended machine stays so when a task is resumed.
/// </remarks>
/// <example>
/// Resumes a task.
/// <code>Resume-VmUpdateTask -Name Patch</code>
/// </example>
/// <example>
/// Resumes what failures hold.
/// <code>Get-VmUpdateTask | Where-Object State -eq HeldByFailures | Resume-VmUpdateTask</code>
/// </example>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="VmNotFound">the host has no machine of that name or id.</error>
/// <error id="NothingNamed">neither tasks nor machines were named, and -All was not given.</error>
/// <error id="WildcardsNotAllowed">a name holds * or ?.</error>
/// <error id="WrongHost">what was piped in is of another host.</error>
[Cmdlet(VerbsLifecycle.Resume, "VmUpdateTask", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateTask), typeof(VmUpdateMachine), typeof(VmUpdateHostStatus))]
public sealed class ResumeVmUpdateTaskCommand : HoldCmdlet
{
    /// <inheritdoc/>
    private protected override bool Suspends => false;
}
