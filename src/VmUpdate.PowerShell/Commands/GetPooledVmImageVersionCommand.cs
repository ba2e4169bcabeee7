using System.Management.Automation;
using VmUpdate.Core.Versions;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Lists the versions of pools' master images: where each comes from, what was done in it, who is on it, what it leaks.</summary>
/// <remarks>
/// A master that a pool was given, and from which no version was made yet, is in the list without a date. Files are never deleted here: UsedBy
/// says which machines need one still; their former disks may need it too, and Remove-PooledVmOldDisk shows those.
/// </remarks>
/// <example>
/// Lists a pool's versions.
/// <code>Get-PooledVmImageVersion -Pool LabPool</code>
/// </example>
/// <example>
/// Shows what the present version leaks.
/// <code>(Get-PooledVmImageVersion -Pool LabPool | Where-Object IsCurrent).Findings</code>
/// </example>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Get, "PooledVmImageVersion")]
[OutputType(typeof(PooledVmImageVersion))]
public sealed class GetPooledVmImageVersionCommand : HostCmdlet
{
    /// <summary>The names of pools; all pools without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string[]? Pool { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string pool in Pool ?? [.. Connection.Pools.GetAll().Select(record => record.Name)])
        {
            ForEachTarget(pool, () =>
            {
                foreach (VersionInfo info in Await(stop => Connection.Versions.GetAsync(pool, stop)))
                {
                    WriteObject(new PooledVmImageVersion(info, HostName));
                }
            });
        }
    }
}
