using System.Management.Automation;
using VmUpdate.PowerShell.Completion;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Forgets a pool. No machine and no disk is touched.</summary>
/// <remarks>Its machines must have been taken out first: <c>Set-VmUpdateMachine -Role Ignored</c>.</remarks>
/// <example>
/// Takes the machines out of a pool and forgets it.
/// <code>
/// Get-VmUpdateMachine -Pool LabPool | Set-VmUpdateMachine -Role Ignored
/// Remove-VmUpdatePool -Name LabPool
/// </code>
/// </example>
/// <error id="StoreNotFound">there is no pool of that name.</error>
/// <error id="StoreInUse">machines are in the pool.</error>
[Cmdlet(VerbsCommon.Remove, "VmUpdatePool", SupportsShouldProcess = true)]
public sealed class RemoveVmUpdatePoolCommand : PoolCmdlet
{
    /// <summary>The pool's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Pool")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Name { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(Name, () =>
    {
        if (ShouldProcess($"pool '{Name}'", "Forget"))
        {
            Connection.Pools.Remove(Name);
        }
    });
}
