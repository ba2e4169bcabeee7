using System.Management.Automation;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets that only look at virtual machines: there a pattern may stand for many, and nothing for all.</summary>
public abstract class MachineLookCmdlet : HostCmdlet
{
    /// <summary>The parameter set of machines by name or id.</summary>
    protected const string ByMachine = "Machine";

    /// <summary>The parameter set of all machines of a pool.</summary>
    protected const string ByPool = "Pool";

    /// <summary>The names of machines; * and ? stand for any characters. All machines without it.</summary>
    [Parameter(ParameterSetName = ByMachine, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("VMName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The ids of machines. Where an object that is piped in has a name and an id, the id decides.</summary>
    [Parameter(ParameterSetName = ByMachine, ValueFromPipelineByPropertyName = true)]
    [Alias("VMId")]
    public Guid[] Id { get; set; } = [];

    /// <summary>The name of a pool: all its machines.</summary>
    [Parameter(ParameterSetName = ByPool, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Pool { get; set; } = string.Empty;

    /// <summary>
    /// The host that the machines are on, as an object that is piped in says it. A machine of another host than the connected one is
    /// an error.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string ComputerName { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        if (IsAnotherHost(ComputerName))
        {
            WriteError(CommandErrors.WrongHost(Name.FirstOrDefault() ?? Pool, ComputerName, HostName));
        }
        else if (ParameterSetName == ByPool)
        {
            ForEachTarget(Pool, () => Show(VmSelection.ByPool(Pool), _ => true));
        }
        else if (Id.Length > 0)
        {
            ForEachTarget(Id, () => Show(VmSelection.ById(Id), _ => true));
        }
        else
        {
            foreach (string name in Name.DefaultIfEmpty("*"))
            {
                bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
                var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
                ForEachTarget(name, () => Show(isPattern ? VmSelection.All : VmSelection.ByName(name), found => !isPattern || pattern.IsMatch(found)));
            }
        }
    }

    /// <summary>Writes what is asked for of some machines.</summary>
    /// <param name="selection">The machines.</param>
    /// <param name="isMeant">Whether a machine of that name is meant.</param>
    protected abstract void Show(VmSelection selection, Func<string, bool> isMeant);
}
