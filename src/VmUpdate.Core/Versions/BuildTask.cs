using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Versions;

/// <summary>
/// The task in the build machine, performed by the host's task broker: by the one that runs, or, when none does, by one that begins nothing
/// but this task.
/// </summary>
internal sealed class BuildTask
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    private readonly BrokerServices _services;
    private readonly UpdateTask _task;
    private readonly Guid _run;
    private readonly VmKey _vm;
    private readonly Action<string, int?> _report;

    public BuildTask(BrokerServices services, UpdateTask task, Guid run, VmKey vm, Action<string, int?> report)
    {
        _services = services;
        _task = task;
        _run = run;
        _vm = vm;
        _report = report;
    }

    private string HostId => _services.Hypervisor.HostId;

    /// <summary>Waits until the run has ended and the broker is through with the machine.</summary>
    /// <param name="cancellation">Ends the wait; the run stays where it is.</param>
    /// <returns>The run.</returns>
    /// <exception cref="VersionException"><see cref="VersionFailure.BuildTaskNotBegun"/>: the broker ended and the run had not begun.</exception>
    public async Task<UpdateRun> PerformAsync(CancellationToken cancellation)
    {
        while (!IsThrough())
        {
            cancellation.ThrowIfCancellationRequested();
            if (OpenBroker() is not { } broker)
            {
                Report();
                await _services.Clock.Delay(_services.AskStoreEvery, cancellation).ConfigureAwait(false);
                continue;
            }

            using (broker)
            {
                await WorkAsync(broker, cancellation).ConfigureAwait(false);
            }

            if (!IsThrough())
            {
                cancellation.ThrowIfCancellationRequested();
                throw new VersionException(VersionFailure.BuildTaskNotBegun, _task.Name, $"the broker cannot begin it: {Explain().Detail}.");
            }
        }

        return Find();
    }

    private TaskBroker? OpenBroker()
    {
        try
        {
            return TaskBroker.Open(_services, _task.Id);
        }
        catch (StoreException held) when (held.Failure == StoreFailure.LeaseHeld)
        {
            // The host's broker runs already, and has heard of the task.
            return null;
        }
    }

    private async Task WorkAsync(TaskBroker broker, CancellationToken cancellation)
    {
        // What else a broker before left under way is not waited for: the next one finds it, as this one did.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<BrokerReport> working = Task.Run(() => broker.RunAsync(BrokerUntil.NothingDue, CancellationToken.None, end.Token), CancellationToken.None);
        try
        {
            while (!working.IsCompleted && !IsThrough())
            {
                Report();
                await Task.WhenAny(working, _services.Clock.Delay(ReportEvery, CancellationToken.None)).ConfigureAwait(false);
            }
        }
        finally
        {
            end.Cancel();
            await working.ConfigureAwait(false);
        }
    }

    private UpdateRun Find() => _services.Store.FindRun(_run)
        ?? throw new StoreException(StoreFailure.NotFound, _task.Name, "the store has lost the task's run.");

    private bool IsThrough() => Find().State.IsEnded() && !_services.Store.GetAwakeMachines(HostId).Any(awake => awake.Vm == _vm && !awake.IsLeft);

    private void Report()
    {
        UpdateRun run = Find();
        RunExplanation why = Explain();
        _report(run.State.IsWaiting() ? $"{run.State}, {why.Reason}: {why.Detail}" : run.State.ToString(), run.Percent);
    }

    private RunExplanation Explain() =>
        RunExplanation.Of(Find(), _task, _services.Store.FindBrokerStatus(HostId), isAsleep: true, _services.Clock.UtcNow);
}
