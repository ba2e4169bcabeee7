using System.Management.Automation;
using VmUpdate.Core.Store;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows the pools of the host.</summary>
/// <remarks>A pool that is named without * or ? and does not exist is an error.</remarks>
/// <example>
/// Shows all pools.
/// <code>Get-VmUpdatePool</code>
/// </example>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Get, "VmUpdatePool")]
[OutputType(typeof(VmUpdatePool))]
public sealed class GetVmUpdatePoolCommand : PoolCmdlet
{
    /// <summary>The names of pools; * and ? stand for any characters. All pools without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Pool")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            ForEachTarget(name, () =>
            {
                foreach (PoolRecord pool in Find(name))
                {
                    Write(pool);
                }
            });
        }
    }

    private IEnumerable<PoolRecord> Find(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            return [Connection.Pools.Get(name)];
        }

        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
        return Connection.Pools.GetAll().Where(pool => pattern.IsMatch(pool.Name));
    }
}
