using System.Management.Automation;
using System.Management.Automation.Runspaces;
using VmUpdate.Core.Tasks;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Registers an update task: what is to be done, to which machines, when, and how urgently.</summary>
/// <remarks>
/// <para>
/// A task is checked first: machines that there are not, times that contradict each other, a schedule that never fires, windows in which
/// nothing can start, a machine larger than the host are refused with the reason, or warned of. It is registered when it is on the disk;
/// only then does -PassThru write it. Invoke-VmUpdateBroker performs it.
/// </para>
/// <para>
/// Machines that are piped in are one task when -Name is given; where the name itself comes through the pipeline, each object is a task
/// of its own. An object's id decides before its name, and its name before its pool.
/// </para>
/// <para>
/// The kind sets what is not said: OperatingSystemUpgrade 4 hours, up to 5 restarts, agent silent up to 60 minutes; ApplicationInstall and
/// ApplicationUpgrade 1 hour, 1 restart, 15 minutes; Configuration 10 minutes, no restart, 5 minutes. -PassThru shows all of it.
/// </para>
/// <para>
/// The payload (command, script, or bytes; at most 1 MiB) is copied in and hashed, and compared with the hash before it is handed over. It
/// is shown by Get-VmUpdateTask -Detailed: put no secret into it.
/// </para>
/// <para>
/// With -ComputerName or -Session the task is registered on other computers, through PowerShell remoting and the endpoint of
/// PSModule/VmUpdate.pssc. A script file is read here, and its content is sent. Whoever may use that endpoint decides what runs with the
/// update agent's rights in every personal and pooled machine of the host: give it to those who administer these machines. It does not let
/// them read files of the host, which is why -ScriptPath is not in it.
/// </para>
/// </remarks>
/// <example>
/// A command for one machine, as soon as there is room.
/// <code>Register-VmUpdateTask -Name 'Editor 5.2' -Kind ApplicationUpgrade -Command 'setup.exe /quiet' -VMName DESK-01</code>
/// </example>
/// <example>
/// The monthly upgrade of all personal machines, at night, with one retry; it stops when three machines failed.
/// <code>
/// Register-VmUpdateTask -Name Monthly -Kind OperatingSystemUpgrade -Instructor WindowsUpdate -Context @() -TargetKind Personal `
///     -Schedule '0 22 * * 2#2' -Window 'Mon-Fri 22:00-05:00' -Retry 1 -StopOnFailureCount 3
/// </code>
/// </example>
/// <example>
/// Machines from the pipeline, one task.
/// <code>Get-VmUpdateMachine DESK* | Register-VmUpdateTask -Name Certificates -Kind Configuration -Command 'certutil -pulse' -Urgent -PassThru</code>
/// </example>
/// <error id="TaskNameTaken">another task has the name; -Force replaces it.</error>
/// <error id="TaskUnknownVm">a machine that is named is not on the host.</error>
/// <error id="TaskAmbiguousVm">several machines have the name.</error>
/// <error id="TaskIgnoredVm">a machine that is named was not declared.</error>
/// <error id="TaskNoTarget">no machine is named, or none is what was named.</error>
/// <error id="PatternMeansAll">-VMName fits every name: -All says that.</error>
/// <error id="TaskEndBeforeStart">the latest start is before the earliest.</error>
/// <error id="TaskEndInPast">the latest start is over.</error>
/// <error id="TaskStopTooEarly">the hard end is not after the earliest start.</error>
/// <error id="TaskBadSchedule">-Schedule is no cron expression.</error>
/// <error id="TaskNeverFires">-Schedule has no time before the end.</error>
/// <error id="TaskBadWindow">-Window cannot be read.</error>
/// <error id="TaskWindowTooShort">a window is shorter than five minutes.</error>
/// <error id="TaskWindowNeverOpens">no window opens between the earliest and the latest start.</error>
/// <error id="TaskUnknownTimeZone">-TimeZone is not known here.</error>
/// <error id="TaskBadLimit">a time-out, a retry or a limit is out of its range.</error>
/// <error id="TaskPayloadTooLong">the payload is longer than 1 MiB.</error>
/// <error id="TaskPayloadEmpty">the command or the script is empty.</error>
/// <error id="TaskNeverFits">every machine that is meant needs more memory than the host can ever give.</error>
/// <error id="HostFileNotFound">the script does not exist.</error>
/// <error id="WrongHost">a machine that was piped in is of another host.</error>
[Cmdlet(VerbsLifecycle.Register, "VmUpdateTask", DefaultParameterSetName = ByCommand, SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateTask))]
public sealed partial class RegisterVmUpdateTaskCommand : TaskSettingsCmdlet, IRemotableTask
{
    private const string ByCommand = "Command";
    private const string ByScriptPath = "ScriptPath";
    private const string ByScript = "Script";
    private const string ByContext = "Context";

    /// <summary>The task's name. Only one task of the host may have it, whatever the case of its letters.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    public string Name { get; set; } = string.Empty;

    /// <summary>What it does: Configuration, ApplicationInstall, ApplicationUpgrade or OperatingSystemUpgrade.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public UpdateTaskKind Kind { get; set; }

    /// <summary>Who orders it: the update instructor whose agent in the guest performs it, such as WindowsUpdate or ConfigMgr.</summary>
    /// <value>Script, for a command or a script</value>
    [Parameter(ParameterSetName = ByCommand, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = ByScriptPath, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = ByScript)]
    [Parameter(ParameterSetName = ByContext, Mandatory = true)]
    [AllowEmptyString]
    public string Instructor { get; set; } = "Script";

    /// <summary>The command line that the agent runs.</summary>
    [Parameter(ParameterSetName = ByCommand, Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    public string Command { get; set; } = string.Empty;

    /// <summary>A script that the agent runs. The file is read now.</summary>
    [Parameter(ParameterSetName = ByScriptPath, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string ScriptPath { get; set; } = string.Empty;

    /// <summary>The content of a script, where there is no file: what a remote prompt sends.</summary>
    [Parameter(ParameterSetName = ByScript, Mandatory = true)]
    [AllowEmptyCollection]
    public byte[] ScriptContent { get; set; } = [];

    /// <summary>The file name of -ScriptContent, which tells the agent what runs it.</summary>
    [Parameter(ParameterSetName = ByScript, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string ScriptName { get; set; } = string.Empty;

    /// <summary>Bytes that only the update agent understands; they reach it as they are.</summary>
    [Parameter(ParameterSetName = ByContext, Mandatory = true)]
    [AllowEmptyCollection]
    public byte[] Context { get; set; } = [];

    /// <summary>Names of machines. * and ? stand for any characters, of personal and pooled machines; a pattern that fits all names is refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VmNameCompleter))]
    public string[] VMName { get; set; } = [];

    /// <summary>Ids of machines.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid[] VMId { get; set; } = [];

    /// <summary>Pools, all of whose machines are meant.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string[] Pool { get; set; } = [];

    /// <summary>All machines of a kind: Personal or Pooled.</summary>
    [Parameter]
    public TargetKinds TargetKind { get; set; }

    /// <summary>All personal and all pooled machines. Machines that were not declared are never meant.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Replaces a task of the same name: its runs that wait are called off, those under way are told to stop.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// Computers on which the task is registered, reached through PowerShell remoting. Where an object that is piped in names its host, that
    /// must be the connected one.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("CN")]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = [];

    /// <summary>Sessions (New-PSSession) on the computers on which the task is registered.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public PSSession[] Session { get; set; } = [];

    /// <summary>The account for -ComputerName; your own without it.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The endpoint (session configuration) of -ComputerName.</summary>
    /// <value>VmUpdate</value>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string ConfigurationName { get; set; } = RemotePrompt.DefaultConfiguration;
}
