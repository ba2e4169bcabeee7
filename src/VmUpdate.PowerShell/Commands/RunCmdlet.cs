using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.PowerShell.Completion;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets about update runs: of a task, of a machine, or by id. What is given together narrows.</summary>
public abstract class RunCmdlet : TaskCmdlet
{
    /// <summary>The names of tasks.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[] TaskName { get; set; } = [];

    /// <summary>The ids of tasks. Where an object that is piped in has a name and an id, the id decides.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid[] TaskId { get; set; } = [];

    /// <summary>The names of machines.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] VMName { get; set; } = [];

    /// <summary>The ids of machines. Where an object that is piped in has a name and an id, the id decides.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid[] VMId { get; set; } = [];

    /// <summary>The ids of runs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid[] RunId { get; set; } = [];

    /// <summary>The host, as an object that is piped in says it. One of another host than the connected one is refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string ComputerName { get; set; } = string.Empty;

    /// <summary>Whether nothing was said that narrows.</summary>
    private protected bool NamesNothing => TaskName.Length + TaskId.Length + VMName.Length + VMId.Length + RunId.Length == 0;

    /// <summary>Those of some runs that are meant.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="names">The names of tasks by id.</param>
    /// <returns>The runs, in order.</returns>
    private protected IEnumerable<UpdateRun> Meant(IEnumerable<UpdateRun> runs, IReadOnlyDictionary<Guid, string> names)
    {
        WildcardPattern[] tasks = TaskId.Length > 0 ? [] : Patterns(TaskName);
        WildcardPattern[] machines = VMId.Length > 0 ? [] : Patterns(VMName);
        return runs.Where(run =>
            (RunId.Length == 0 || RunId.Contains(run.Id))
            && (TaskId.Length == 0 || TaskId.Contains(run.TaskId))
            && (tasks.Length == 0 || tasks.Any(task => task.IsMatch(NameOf(run, names))))
            && (VMId.Length == 0 || VMId.Contains(run.Vm.VmId))
            && (machines.Length == 0 || machines.Any(machine => machine.IsMatch(run.VmName))));
    }

    /// <summary>The name of a run's task.</summary>
    /// <param name="run">The run.</param>
    /// <param name="names">The names of tasks by id.</param>
    /// <returns>The name.</returns>
    private protected static string NameOf(UpdateRun run, IReadOnlyDictionary<Guid, string> names) =>
        names.TryGetValue(run.TaskId, out string? name) ? name : string.Empty;

    private static WildcardPattern[] Patterns(string[] names) => [.. names.Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase))];
}
