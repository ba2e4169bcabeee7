using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Shows the virtual machines of the host, and what each was declared to be.</summary>
/// <remarks>A machine that nobody declared is Ignored: it is never woken and never touched.</remarks>
/// <example>
/// Shows all machines.
/// <code>Get-VmUpdateMachine</code>
/// </example>
/// <example>
/// Shows those that nobody declared.
/// <code>Get-VmUpdateMachine | Where-Object Role -eq Ignored</code>
/// </example>
/// <error id="VmNotFound">the host has no machine of that name.</error>
/// <error id="StoreNotFound">there is no pool of that name.</error>
[Cmdlet(VerbsCommon.Get, "VmUpdateMachine", DefaultParameterSetName = ByName)]
[OutputType(typeof(VmUpdateMachine))]
public sealed class GetVmUpdateMachineCommand : HostCmdlet
{
    private const string ByName = "Name";
    private const string ById = "Id";
    private const string ByPool = "Pool";

    /// <summary>The names of machines; * and ? stand for any characters. All machines without it.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("VMName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The ids of machines.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [Alias("VMId")]
    public Guid[] Id { get; set; } = [];

    /// <summary>The name of a pool: all its machines.</summary>
    [Parameter(ParameterSetName = ByPool, Mandatory = true)]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Pool { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case ByPool:
                ForEachTarget(Pool, () => Write(VmSelection.ByPool(Pool), _ => true));
                break;
            case ById:
                ForEachTarget(Id, () => Write(VmSelection.ById(Id), _ => true));
                break;
            default:
                foreach (string name in Name)
                {
                    bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
                    var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
                    ForEachTarget(name, () => Write(
                        isPattern ? VmSelection.All : VmSelection.ByName(name), machine => !isPattern || pattern.IsMatch(machine.Machine.Name)));
                }

                break;
        }
    }

    private void Write(VmSelection selection, Func<MachineInfo, bool> isMeant)
    {
        foreach (MachineInfo machine in GetMachines(selection).Where(isMeant))
        {
            WriteObject(new VmUpdateMachine(machine, HostName));
        }
    }
}
