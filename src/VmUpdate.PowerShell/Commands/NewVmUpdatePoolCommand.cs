using System.Management.Automation;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Declares a pool: virtual machines that are all made from one master image.</summary>
/// <remarks>A new pool is empty. <see cref="SetVmUpdateMachineCommand"/> puts machines into it; nothing else does.</remarks>
/// <example>
/// Declares a pool and puts a machine into it.
/// <code>
/// New-VmUpdatePool -Name Front -MasterPath $lab.OldMasterPath
/// Set-VmUpdateMachine -Name PC-01 -Role Pooled -Pool Front
/// </code>
/// </example>
/// <error id="StoreAlreadyExists">there is a pool of that name.</error>
[Cmdlet(VerbsCommon.New, "VmUpdatePool", SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdatePool))]
public sealed class NewVmUpdatePoolCommand : PoolCmdlet
{
    /// <summary>The pool's name. Only one pool of the host may have it, whatever the case of its letters.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [Alias("Pool")]
    public string Name { get; set; } = string.Empty;

    /// <summary>The master image that the pool's machines are to be on, a VHDX file; it may be named later.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? MasterPath { get; set; }

    /// <summary>How many days a machine's old disk is kept after a swap.</summary>
    /// <value>14</value>
    [Parameter]
    [ValidateRange(0, MaxDays)]
    public int? KeepOldDiskDays { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(Name, () =>
    {
        string master = MasterPath is null ? string.Empty : ResolvePath(MasterPath);
        if (ShouldProcess($"pool '{Name}'", "Declare"))
        {
            Write(Connection.Pools.Create(Name, master, Days(KeepOldDiskDays)));
        }
    });
}
