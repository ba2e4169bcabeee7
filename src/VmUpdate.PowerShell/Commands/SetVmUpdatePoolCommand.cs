using System.Management.Automation;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Changes a pool: which master its machines are to be on, how long old disks are kept.</summary>
/// <remarks>No machine is touched: <see cref="UpdatePooledVmImageCommand"/> moves them.</remarks>
/// <example>
/// Names the master that the pool's machines are to be on from now on.
/// <code>Set-VmUpdatePool -Name LabPool -MasterPath $lab.NewMasterPath</code>
/// </example>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Set, "VmUpdatePool", SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdatePool))]
public sealed class SetVmUpdatePoolCommand : PoolCmdlet
{
    /// <summary>The pool's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Pool")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Name { get; set; } = string.Empty;

    /// <summary>The master image that the pool's machines are to be on, a VHDX file.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? MasterPath { get; set; }

    /// <summary>How many days a machine's old disk is kept after the next swaps. Disks that are kept already keep their time.</summary>
    [Parameter]
    [ValidateRange(0, MaxDays)]
    public int? KeepOldDiskDays { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(Name, () =>
    {
        string? master = MasterPath is null ? null : ResolvePath(MasterPath);
        if (ShouldProcess($"pool '{Name}'", "Change"))
        {
            Write(Connection.Pools.Set(Name, master, Days(KeepOldDiskDays)));
        }
    });
}
