using System.Management.Automation;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Broker;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets that suspend and resume: a task, a machine, or all work on the host.</summary>
public abstract class HoldCmdlet : TaskCmdlet
{
    /// <summary>The parameter set of machines: the one that objects with a machine's name are bound by.</summary>
    protected const string ByMachine = "Machine";

    /// <summary>The parameter set of tasks.</summary>
    protected const string ByTask = "Task";

    /// <summary>The parameter set of all work on the host.</summary>
    protected const string ByAll = "All";

    private readonly List<TaskRecord> _tasks = [];
    private readonly List<VirtualMachine> _machines = [];

    /// <summary>The names of tasks.</summary>
    [Parameter(ParameterSetName = ByTask, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("TaskName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The names of machines: all tasks' runs on them are meant.</summary>
    [Parameter(ParameterSetName = ByMachine, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] VMName { get; set; } = [];

    /// <summary>The ids of machines. Where an object that is piped in has a name and an id, the id decides.</summary>
    [Parameter(ParameterSetName = ByMachine, ValueFromPipelineByPropertyName = true)]
    public Guid[] VMId { get; set; } = [];

    /// <summary>All work on the host.</summary>
    [Parameter(ParameterSetName = ByAll, Mandatory = true)]
    public SwitchParameter All { get; set; }

    /// <summary>The host, as an object that is piped in says it. One of another host than the connected one is refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string ComputerName { get; set; } = string.Empty;

    /// <summary>Writes the tasks, the machines, or the host's status.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Whether it suspends.</summary>
    private protected abstract bool Suspends { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ByMachine && VMName.Length == 0 && VMId.Length == 0)
        {
            ThrowTerminatingError(CommandErrors.NothingNamed(MyInvocation.MyCommand.Name, "tasks or machines: use -Name, -VMName, -VMId, or -All"));
        }
        else if (IsAnotherHost(ComputerName))
        {
            WriteError(CommandErrors.WrongHost(Name.Concat(VMName).FirstOrDefault() ?? string.Empty, ComputerName, HostName));
        }
        else if (ParameterSetName == ByTask)
        {
            _tasks.AddRange(Name.Select(FindToAct).OfType<TaskRecord>().Where(task => Agreed($"task '{task.Task.Name}'")));
        }
        else if (ParameterSetName == ByMachine)
        {
            _machines.AddRange(FindMachines(VMName, VMId).Where(machine => Agreed($"virtual machine '{machine.Name}'")));
        }
        else if (Agreed($"all work on '{HostName}'"))
        {
            ForEachTarget(HostName, () => Connection.Tasks.HoldAll(Suspends));
            if (PassThru)
            {
                ForEachTarget(HostName, () => WriteObject(HostStatus.Read(Connection, StopToken)));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_tasks.Count > 0)
        {
            ForEachTarget(_tasks, () => Connection.Tasks.Hold(_tasks.Select(task => task.Task.Id), Suspends));
        }

        if (_machines.Count > 0)
        {
            ForEachTarget(_machines, () => Connection.Tasks.Hold(_machines.Select(machine => machine.Key), Suspends));
        }

        if (PassThru)
        {
            foreach (TaskRecord task in _tasks)
            {
                Write(Connection.Tasks.Get(task.Task.Name));
            }

            foreach (VirtualMachine machine in _machines)
            {
                WriteObject(new VmUpdateMachine(GetMachines(VmSelection.ById(machine.Key.VmId))[0], HostName));
            }
        }
    }

    private bool Agreed(string target) => ShouldProcess(target, Suspends ? "Suspend updates" : "Resume updates");
}
