using System.Management.Automation;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets about pooled virtual machines: by name, by id, or all of a pool.</summary>
public abstract class PooledVmCmdlet : MachineCmdlet
{
    /// <summary>The parameter set of all machines of a pool.</summary>
    protected const string ByPool = "Pool";

    private readonly List<string> _pools = [];

    /// <summary>The name of a pool: all its machines are meant.</summary>
    [Parameter(ParameterSetName = ByPool, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Pool { get; set; } = string.Empty;

    /// <summary>A pool that Get-VmUpdatePool puts out: all its machines are meant.</summary>
    [Parameter(ParameterSetName = ByPool, ValueFromPipeline = true)]
    public VmUpdatePool? InputObject { get; set; } // a type of its own: or the pool's text would pass for a machine's name

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName != ByPool)
        {
            base.ProcessRecord();
        }
        else if (IsAnotherHost(ComputerName))
        {
            WriteError(CommandErrors.WrongHost(Pool, ComputerName, HostName));
        }
        else if (!_pools.Contains(Pool, StringComparer.OrdinalIgnoreCase))
        {
            _pools.Add(Pool);
        }
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach (string pool in _pools)
        {
            ForEachTarget(pool, () => Act(VmSelection.ByPool(pool)));
        }

        if (Names.Count > 0)
        {
            ForEachTarget(Names, () => Act(VmSelection.ByName(Names)));
        }

        if (Ids.Count > 0)
        {
            ForEachTarget(Ids, () => Act(VmSelection.ById(Ids)));
        }
    }

    /// <summary>Does the work for all machines chosen in one way.</summary>
    /// <param name="selection">The machines.</param>
    protected abstract void Act(VmSelection selection);
}
