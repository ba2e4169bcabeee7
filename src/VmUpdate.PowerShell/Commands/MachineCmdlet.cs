using System.Management.Automation;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <summary>
/// The base of the cmdlets that do something with virtual machines, chosen by name or by id. What comes through the pipeline is gathered
/// first, so that it is one run: limits on how many at a time, and on failures, hold for all of it.
/// </summary>
public abstract class MachineCmdlet : HostCmdlet
{
    /// <summary>The parameter set of machines by name or id.</summary>
    protected const string ByMachine = "Machine";

    private readonly List<string> _names = [];
    private readonly List<Guid> _ids = [];

    /// <summary>
    /// The names of the virtual machines, each that of one machine of the host. Patterns are refused; pipe in machines instead.
    /// </summary>
    [Parameter(ParameterSetName = ByMachine, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("VMName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The ids of the virtual machines. Where an object that is piped in has a name and an id, the id decides.</summary>
    [Parameter(ParameterSetName = ByMachine, ValueFromPipelineByPropertyName = true)]
    [Alias("VMId")]
    public Guid[] Id { get; set; } = [];

    /// <summary>
    /// The host that the machines are on, as an object that is piped in says it. A machine of another host than the connected one is
    /// refused.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string ComputerName { get; set; } = string.Empty;

    /// <summary>The names that were given, without repetition.</summary>
    protected IReadOnlyList<string> Names => _names;

    /// <summary>The ids that were given, without repetition.</summary>
    protected IReadOnlyList<Guid> Ids => _ids;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // A machine without an id has an empty one: what a former run could not find is looked for by its name.
        Guid[] ids = [.. Id.Where(id => id != Guid.Empty)];
        if (IsAnotherHost(ComputerName))
        {
            foreach (string machine in Name.Length > 0 ? Name : ids.Select(id => id.ToString()))
            {
                WriteError(CommandErrors.WrongHost(machine, ComputerName, HostName));
            }
        }
        else if (ids.Length > 0)
        {
            _ids.AddRange(ids.Distinct().Where(id => !_ids.Contains(id)).ToArray());
        }
        else
        {
            foreach (string name in Name)
            {
                Add(name);
            }
        }

        if (Name.Length == 0 && ids.Length == 0)
        {
            ThrowTerminatingError(CommandErrors.NoMachineNamed(MyInvocation.MyCommand.Name));
        }
    }

    private void Add(string name)
    {
        if (WildcardPattern.ContainsWildcardCharacters(name))
        {
            WriteError(CommandErrors.WildcardsNotAllowed(name));
        }
        else if (!_names.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            _names.Add(name);
        }
    }
}
