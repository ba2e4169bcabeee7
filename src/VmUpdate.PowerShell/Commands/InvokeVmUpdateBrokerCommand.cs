using System.Diagnostics;
using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>
/// Works as the host's task broker: wakes machines as the load gate allows, lets their updates run, and puts each back as it was.
/// </summary>
/// <remarks>
/// <para>
/// It ends when nothing may start by its schedule and nothing is under way; -UntilEmpty waits for the tasks that are to come, -Until until
/// a time, -Wait until it is stopped, -Once begins what may begin at once and ends with it. One broker works on a host at a time: a second
/// one is told which process the first one is. One that was killed is followed by the next, which finds what was woken and finishes it.
/// </para>
/// <para>
/// -WhatIf writes the plan, the order and about when each run would begin, and changes nothing. How long runs take is not known before: the
/// times suppose an hour for an upgrade of the system, a quarter of an hour for an application, three minutes for a setting.
/// </para>
/// <para>
/// Ctrl+C: nothing more is woken; what was woken and has not begun is put back; what the guests are in the midst of is waited for. A second
/// Ctrl+C ends at once and says what is left awake; the next broker goes on with it. -Until ends like a first Ctrl+C.
/// </para>
/// <para>
/// While it works it listens to the guests of running machines, as soon as they run and whoever started them: a guest may ask for an update of its own machine, and the
/// request becomes a task of that machine where the host's policy allows it (Set-VmUpdateHost). A request that is made while no broker works is
/// delivered to the next one.
/// </para>
/// <para>
/// A machine is never turned off by force: one that is applying, restarting, or does not shut down cleanly is left awake, with its reason
/// in LeftAwake and a warning.
/// </para>
/// </remarks>
/// <example>
/// Does what is due.
/// <code>Invoke-VmUpdateBroker</code>
/// </example>
/// <example>
/// Shows what would be done, in which order and when.
/// <code>Invoke-VmUpdateBroker -WhatIf | Format-Table Order, ExpectedStart, VMName, TaskName, Reason</code>
/// </example>
/// <example>
/// Works until six in the morning, or here for two seconds.
/// <code>Invoke-VmUpdateBroker -Until ([DateTime]::Now.AddSeconds(2))</code>
/// </example>
/// <error id="StoreLeaseHeld">another process is the host's broker; the message names it and when it started.</error>
/// <error id="NotConnected">Connect-VmUpdateHost was not run.</error>
[Cmdlet(VerbsLifecycle.Invoke, "VmUpdateBroker", DefaultParameterSetName = UntilNothingIsDue, SupportsShouldProcess = true)]
[OutputType(typeof(VmUpdateBrokerResult), typeof(VmUpdatePlannedRun))]
public sealed class InvokeVmUpdateBrokerCommand : HostCmdlet
{
    private const string UntilNothingIsDue = "Due";
    private const int BrokerActivity = 1;
    private const int FirstMachineActivity = 100;

    private readonly Dictionary<VmKey, int> _activities = [];
    private int _ended;

    /// <summary>Begins what may begin at once, ends with it, and begins nothing more.</summary>
    [Parameter(ParameterSetName = nameof(Once), Mandatory = true)]
    public SwitchParameter Once { get; set; }

    /// <summary>Works until no run is left, waiting for those whose time is to come. A recurring task never lets it end.</summary>
    [Parameter(ParameterSetName = nameof(UntilEmpty), Mandatory = true)]
    public SwitchParameter UntilEmpty { get; set; }

    /// <summary>Works until this time, waiting for tasks meanwhile; what is under way then ends first.</summary>
    [Parameter(ParameterSetName = nameof(Until), Mandatory = true)]
    public DateTime Until { get; set; }

    /// <summary>Works until it is stopped, waiting for tasks meanwhile.</summary>
    [Parameter(ParameterSetName = nameof(Wait), Mandatory = true)]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"host '{HostName}'", "Perform the update tasks that are due"))
        {
            ForEachTarget(HostName, Work);
        }
        else if (IsWhatIf)
        {
            ForEachTarget(HostName, Plan);
        }
    }

    private void Plan()
    {
        int order = 0;
        foreach (PlannedRun run in Await(stop => BrokerPlan.MakeAsync(Connection.Broker, stop)))
        {
            WriteObject(new VmUpdatePlannedRun(++order, run, HostName));
        }
    }

    private void Work()
    {
        if (GuestPolicyFile.Read(Connection.Store) is { Policy: null } broken)
        {
            WriteWarning($"{broken} Every request of a guest is refused.");
        }

        var watch = Stopwatch.StartNew();
        BrokerReport? report = null;
        try
        {
            Await(async (pump, stop) =>
            {
                using var secondBreak = new SecondBreak();
                using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
                Task ending = ParameterSetName == nameof(Until) ? EndAsync(over) : Task.CompletedTask;
                using TaskBroker broker = TaskBroker.Open(Connection.Broker);
                broker.OnChanged = runs => pump.Post(() => Show(runs));
                report = await broker.RunAsync(HowLong(), over.Token, secondBreak.Token).ConfigureAwait(false);
                over.Cancel();
                await ending.ConfigureAwait(false);
                return report;
            });
        }
        catch (PipelineStoppedException)
        {
            TellAfterStop(report);
            throw;
        }

        if (StopToken.IsCancellationRequested)
        {
            TellAfterStop(report);
            throw new PipelineStoppedException();
        }

        CloseProgress();
        var result = new VmUpdateBrokerResult(report!, watch.Elapsed, HostName);
        foreach (string machine in result.LeftAwake)
        {
            WriteWarning($"Left awake: {machine}");
        }

        WriteObject(result);
    }

    private BrokerUntil HowLong() => ParameterSetName switch
    {
        nameof(Once) => BrokerUntil.Once,
        nameof(UntilEmpty) => BrokerUntil.Empty,
        nameof(Until) or nameof(Wait) => BrokerUntil.Stopped,
        _ => BrokerUntil.NothingDue,
    };

    private async Task EndAsync(CancellationTokenSource over)
    {
        // In parts: a clock that is set, or a host that sleeps, must not move the end.
        while (!over.IsCancellationRequested && Connection.Broker.Clock.UtcNow < Until.ToUniversalTime())
        {
            TimeSpan left = Until.ToUniversalTime() - Connection.Broker.Clock.UtcNow;
            TimeSpan part = left < TimeSpan.FromSeconds(30) ? left : TimeSpan.FromSeconds(30);
            await Task.WhenAny(Connection.Broker.Clock.Delay(part > TimeSpan.Zero ? part : TimeSpan.Zero, over.Token)).ConfigureAwait(false);
        }

        over.Cancel();
    }

    /// <summary>After Ctrl+C nothing can be written to the pipeline any more; the user is told through the host.</summary>
    private void TellAfterStop(BrokerReport? report)
    {
        if (report is null)
        {
            return;
        }

        var result = new VmUpdateBrokerResult(report, TimeSpan.Zero, HostName);
        Host.UI.WriteWarningLine($"The broker was stopped: {result}, {result.StillOpen} runs are open.");
        foreach (string machine in result.LeftAwake)
        {
            Host.UI.WriteWarningLine($"Left awake: {machine}. The next broker goes on with it.");
        }
    }

    private void Show(IReadOnlyList<UpdateRun> runs)
    {
        // A pipeline that is stopping takes nothing more, and its end must not be taken for a failure of the broker.
        if (Stopping)
        {
            return;
        }

        foreach (UpdateRun run in runs.Where(run => run.State.IsActive() || run.State.IsEnded()))
        {
            if (!_activities.TryGetValue(run.Vm, out int id))
            {
                id = FirstMachineActivity + _activities.Count;
                _activities.Add(run.Vm, id);
            }

            bool isOver = run.State.IsEnded();
            _ended += isOver ? 1 : 0;
            string state = run.Detail.Length > 0 ? $"{run.State}: {run.Detail}" : run.State.ToString();
            WriteVerbose($"{run.VmName}: {state}");
            WriteProgress(new ProgressRecord(BrokerActivity, $"Updating machines of '{HostName}'", $"{_ended} runs ended; {run.VmName}: {run.State}"));
            var record = new ProgressRecord(id, run.VmName, state) { ParentActivityId = BrokerActivity };
            if (isOver)
            {
                record.RecordType = ProgressRecordType.Completed;
            }
            else if (run.Percent is { } percent)
            {
                record.PercentComplete = Math.Min(Math.Max(percent, 0), 100);
            }

            WriteProgress(record);
        }
    }

    private void CloseProgress()
    {
        if (_activities.Count > 0)
        {
            WriteProgress(new ProgressRecord(BrokerActivity, $"Updating machines of '{HostName}'", "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
