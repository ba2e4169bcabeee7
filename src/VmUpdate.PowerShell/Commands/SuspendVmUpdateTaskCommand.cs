using System.Management.Automation;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Suspends update tasks, machines, or all work on the host: nothing of it begins until it is resumed.</summary>
/// <remarks>
/// What is under way goes on to its end, and its machine is put back. Runs of a suspended task or machine are Held; with -All they wait as
/// HostSuspended. It holds until <see cref="ResumeVmUpdateTaskCommand"/>, also when the broker is started again.
/// </remarks>
/// <example>
/// Suspends a task.
/// <code>Suspend-VmUpdateTask -Name Patch</code>
/// </example>
/// <example>
/// Keeps updates off a machine for now.
/// <code>Get-VmUpdateMachine DESK-01 | Suspend-VmUpdateTask</code>
/// </example>
/// <example>
/// Suspends all work on the host.
/// <code>Suspend-VmUpdateTask -All</code>
/// </example>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="VmNotFound">the host has no machine of that name or id.</error>
/// <error id="NothingNamed">neither tasks nor machines were named, and -All was not given.</error>
/// <error id="WildcardsNotAllowed">a name holds * or ?.</error>
/// <error id="WrongHost">what was piped in is of another host.</error>
[Cmdlet(VerbsLifecycle.Suspend, "VmUpdateTask", DefaultParameterSetName = ByMachine, SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateTask), typeof(VmUpdateMachine), typeof(VmUpdateHostStatus))]
public sealed class SuspendVmUpdateTaskCommand : HoldCmdlet
{
    /// <inheritdoc/>
    private protected override bool Suspends => true;
}
