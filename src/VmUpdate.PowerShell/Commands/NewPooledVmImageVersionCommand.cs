using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.PowerShell.Binding;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Makes the next version of a pool's master image: an update task is performed in a machine that is made for it, and sealed.</summary>
/// <remarks>
/// <para>
/// A build machine is made, like the pool's first machine, on a child of the pool's master (a full copy on KVM). The host's task broker
/// performs the task in it, under the load gate like any other, and shuts it down. Its disk becomes a new master, a file of its own beside
/// the old one: it is looked through, and what it leaks is said. Then the version is recorded, the pool points to it, and the build machine is
/// taken away.
/// </para>
/// <para>
/// No machine of the pool is moved or disturbed: Update-PooledVmImage -Pool does that, without -MasterPath. The old master is only
/// read, and stays; Set-VmUpdatePool -MasterPath goes back to it.
/// </para>
/// <para>
/// Every step is written down before it is done. When the task fails, or at Ctrl+C, all that was made is taken away and the pool stays as
/// it was. After a crash, run the same command again: it takes away what was half made, or goes on with the task that was given, which a warning says.
/// </para>
/// <para>
/// Where no broker runs, this command is the host's broker for its own task: nothing else that is due begins, and Invoke-VmUpdateBroker is
/// refused until it has ended. Needed restarts are always done. A generalized master is refused: its first start would set it up.
/// </para>
/// </remarks>
/// <example>
/// A program's new version for all machines of a pool.
/// <code>New-PooledVmImageVersion -Pool LabPool -Kind ApplicationUpgrade -Command 'setup.exe /quiet'</code>
/// Update-PooledVmImage -Pool LabPool then moves the machines.
/// </example>
/// <example>
/// What a registered task does on personal machines, in the master too.
/// <code>New-PooledVmImageVersion -Pool LabPool -TaskName Patch</code>
/// </example>
/// <example>
/// Says whether a version could be made, and which.
/// <code>New-PooledVmImageVersion -Pool LabPool -Kind OperatingSystemUpgrade -Instructor WindowsUpdate -Context @() -WhatIf</code>
/// </example>
/// <error id="StoreNotFound">there is no pool of that name.</error>
/// <error id="StoreLeaseHeld">another process makes a version of the same master.</error>
/// <error id="NoMaster">the pool has no master: Set-VmUpdatePool -MasterPath names it.</error>
/// <error id="MasterInUse">the master hangs on a machine.</error>
/// <error id="MasterGeneralized">the master is generalized (sysprep).</error>
/// <error id="MasterChanged">somebody wrote to the master meanwhile.</error>
/// <error id="PoolHasNoMachine">there is no machine that the build machine could be like.</error>
/// <error id="BuildNotSupported">machines cannot be made on this host for a piece of work.</error>
/// <error id="BuildTaskNotBegun">the broker cannot begin the task, and why.</error>
/// <error id="BuildTaskFailed">the task did not succeed: see -KeepFailedDisk.</error>
/// <error id="ShutdownTimedOut">the task succeeded, and the build machine did not shut down.</error>
/// <error id="ImageNotSound">the new image, or the old one, is not whole or not clean.</error>
/// <error id="NotEnoughSpace">there is no room beside the master.</error>
/// <error id="TaskNotFound">there is no task of that name.</error>
/// <error id="TaskPayloadEmpty">the command or the script is empty.</error>
/// <error id="TaskPayloadTooLong">the payload is longer than 1 MiB.</error>
/// <error id="TaskNeverFits">the host can never give a machine like the pool's its memory.</error>
/// <error id="TaskBadLimit">a time-out is out of its range.</error>
/// <error id="Canceled">Ctrl+C: everything was taken away.</error>
[Cmdlet(VerbsCommon.New, "PooledVmImageVersion", DefaultParameterSetName = ByCommand, SupportsShouldProcess = true)]
[OutputType(typeof(PooledVmImageVersion))]
public sealed class NewPooledVmImageVersionCommand : TaskCmdlet
{
    private const string ByCommand = "Command";
    private const string ByScriptPath = "ScriptPath";
    private const string ByContext = "Context";
    private const string ByTask = "Task";
    private const int Activity = 1;

    private BuildState? _shown;

    /// <summary>The pool.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PoolNameCompleter))]
    public string Pool { get; set; } = string.Empty;

    /// <summary>What the task does: Configuration, ApplicationInstall, ApplicationUpgrade or OperatingSystemUpgrade.</summary>
    [Parameter(ParameterSetName = ByCommand, Mandatory = true)]
    [Parameter(ParameterSetName = ByScriptPath, Mandatory = true)]
    [Parameter(ParameterSetName = ByContext, Mandatory = true)]
    public UpdateTaskKind Kind { get; set; }

    /// <summary>Who orders it: the update instructor whose agent in the guest performs it, such as WindowsUpdate or ConfigMgr.</summary>
    /// <value>Script, for a command or a script</value>
    [Parameter(ParameterSetName = ByCommand)]
    [Parameter(ParameterSetName = ByScriptPath)]
    [Parameter(ParameterSetName = ByContext, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Instructor { get; set; } = "Script";

    /// <summary>The command line that the agent runs.</summary>
    [Parameter(ParameterSetName = ByCommand, Mandatory = true, Position = 1)]
    [AllowEmptyString]
    public string Command { get; set; } = string.Empty;

    /// <summary>A script that the agent runs. The file is read now.</summary>
    [Parameter(ParameterSetName = ByScriptPath, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string ScriptPath { get; set; } = string.Empty;

    /// <summary>Bytes that only the update agent understands; they reach it as they are.</summary>
    [Parameter(ParameterSetName = ByContext, Mandatory = true)]
    [AllowEmptyCollection]
    public byte[] Context { get; set; } = [];

    /// <summary>A registered task: what it does, and how long it may take. Its machines and its times are not looked at, and it stays as it is.</summary>
    [Parameter(ParameterSetName = ByTask, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskNameCompleter))]
    public string TaskName { get; set; } = string.Empty;

    /// <summary>
    /// How long the task may take from hand-over to result: 90s, 20m, 4h, or 01:30:00. The kind's default without it, 4 h, 1 h or 10 min, or
    /// what the registered task says.
    /// </summary>
    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <summary>How long the build machine may take to shut down.</summary>
    /// <value>15m</value>
    [Parameter]
    [Duration]
    public TimeSpan? CleanStopTimeout { get; set; }

    /// <summary>Gives the build machine no network adapter. It has those of the pool's machines without it.</summary>
    [Parameter]
    public SwitchParameter NoNetwork { get; set; }

    /// <summary>Keeps the build machine's disk when the version is not made, to be looked at. It is named in the error, and yours to delete.</summary>
    [Parameter]
    public SwitchParameter KeepFailedDisk { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTarget(Pool, () =>
    {
        BuildOptions options = Options();
        string what = "Make the next version of its master";
        if (IsWhatIf)
        {
            BuildRecord plan = Await(stop => Connection.Versions.PlanAsync(Pool, options, stop));
            what = $"Make version {plan.Number} of its master from '{plan.MasterPath}', as '{plan.NewPath}'";
        }

        if (ShouldProcess($"pool '{Pool}'", what))
        {
            Make(options);
        }
    });

    private void Make(BuildOptions options)
    {
        if (Connection.Versions.FindOpenBuild(Pool) is { State: >= BuildState.TaskGiven and not BuildState.RolledBack } open)
        {
            WriteWarning($"{Pool}: version {open.Number}, begun {open.Began:u} and not finished, is finished now, with the task that it was begun with; the one given now is not performed.");
        }

        ImageVersion made;
        try
        {
            made = Await((pump, stop) => Connection.Versions.BuildAsync(
                Pool, options, new PostedProgress<BuildProgress>(news => pump.Post(() => Show(news))), stop));
        }
        finally
        {
            CloseProgress();
        }

        foreach (string warning in made.Warnings.Concat(made.Findings.Where(finding => finding.IsNew).Select(finding => $"It leaks what the version before did not. {finding}")))
        {
            WriteWarning($"{made.Pool} version {made.Number}: {warning}");
        }

        VersionInfo info = Await(stop => Connection.Versions.GetAsync(Pool, stop)).Single(version => version.Version.Number == made.Number);
        WriteObject(new PooledVmImageVersion(info, HostName));
    }

    private BuildOptions Options()
    {
        (UpdateTask task, TaskPayload payload) = ParameterSetName == ByTask ? Registered() : Given();
        return new BuildOptions
        {
            Task = task with { Timeouts = (Timeout is null ? task.Timeouts : PhaseTimeouts.Of(task.Kind, Timeout)) with { CleanStop = CleanStopTimeout ?? task.Timeouts.CleanStop }, RegisteredBy = Who() },
            Payload = payload,
            HasNetwork = !NoNetwork,
            KeepFailedDisk = KeepFailedDisk,
        };
    }

    private (UpdateTask Task, TaskPayload Payload) Registered()
    {
        TaskRecord record = Connection.Tasks.Get(TaskName);
        return (record.Task, Connection.Store.GetPayload(record.Task));
    }

    private (UpdateTask Task, TaskPayload Payload) Given()
    {
        TaskPayload payload = ParameterSetName switch
        {
            ByContext => TaskPayload.FromContext(Context),
            ByScriptPath => ReadScript(ResolvePath(ScriptPath)),
            _ => TaskPayload.FromCommand(Command),
        };
        var task = new UpdateTask
        {
            Id = SystemIdSource.Instance.NewGuid(),
            Name = Pool,
            Kind = Kind,
            Instructor = Instructor,
            Payload = payload.Info,
            Targets = new TaskTargets(),
            Timeouts = PhaseTimeouts.Of(Kind),
            MaxRestarts = KindDefaults.Of(Kind).MaxRestarts,
            Registered = SystemClock.Instance.UtcNow,
        };
        return (task, payload);
    }

    private void Show(BuildProgress news)
    {
        if (_shown != news.State)
        {
            _shown = news.State;
            WriteVerbose($"{Pool} version {news.Number}: {news.State}. {news.Detail}".TrimEnd());
        }

        // The task is what lasts: its own percentage lies between the steps before and after it.
        int done = (int)news.State * 100 / (int)BuildState.Committed;
        WriteProgress(new ProgressRecord(Activity, $"Making version {news.Number} of the master of {Pool}", $"{news.State}: {news.Detail}".TrimEnd(' ', ':'))
        {
            PercentComplete = Math.Min(100, done + ((news.Percent ?? 0) / (int)BuildState.Committed)),
        });
    }

    private void CloseProgress()
    {
        if (!StopToken.IsCancellationRequested && _shown is not null)
        {
            WriteProgress(new ProgressRecord(Activity, $"Making a version of the master of {Pool}", "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
