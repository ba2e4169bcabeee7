using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Says whether updates are possible on the host: store, machines, load, suspension, broker, machines left awake.</summary>
/// <remarks>Nothing is changed. Each thing that is looked at gets one object: Ready, Warn or Blocked, with what was found and the remedy.</remarks>
/// <example>
/// Looks at the host.
/// <code>Test-VmUpdateHost</code>
/// </example>
/// <example>
/// Shows what stands in the way.
/// <code>Test-VmUpdateHost | Where-Object Verdict -ne Ready | ForEach-Object { "$($_.Detail). $($_.Remedy)" }</code>
/// </example>
/// <error id="NotConnected">Connect-VmUpdateHost was not run.</error>
[Cmdlet(VerbsDiagnostic.Test, "VmUpdateHost")]
[OutputType(typeof(VmUpdateHostTest))]
public sealed class TestVmUpdateHostCommand : HostCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(HostName, () =>
    {
        foreach (HostFinding finding in Await(stop => HostCheck.RunAsync(Connection.Broker, stop)))
        {
            WriteObject(new VmUpdateHostTest(finding, HostName));
        }
    });
}
