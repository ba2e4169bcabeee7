using System.Management.Automation;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows how busy the host is, how much of it updates may take, and what its task broker says.</summary>
/// <remarks>WhyNoRun and WhyNoWake are the broker's last words; while none runs they may be old, see LastStep.</remarks>
/// <example>
/// Shows the host's load and what is awake.
/// <code>Get-VmUpdateHost</code>
/// </example>
/// <example>
/// Shows all limits of the load gate.
/// <code>Get-VmUpdateHost | Format-List *</code>
/// </example>
/// <error id="NotConnected">Connect-VmUpdateHost was not run.</error>
[Cmdlet(VerbsCommon.Get, "VmUpdateHost")]
[OutputType(typeof(VmUpdateHostStatus))]
public sealed class GetVmUpdateHostCommand : HostCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(HostName, () => WriteObject(HostStatus.Read(Connection, StopToken)));
}
