using System.Globalization;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Job = VmUpdate.HyperV.HyperVNames.ConcreteJob;

namespace VmUpdate.HyperV;

/// <summary>Calls of Hyper-V with its failures translated, and the jobs behind them waited for.</summary>
internal sealed class HyperVCalls
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly ICimClient _client;
    private readonly HyperVOptions _options;
    private CimPath? _service;

    internal HyperVCalls(ICimClient client, HyperVOptions options)
    {
        _client = client;
        _options = options;
    }

    internal Task<IReadOnlyList<CimRecord>> QueryAsync(CimQuery query, string subject, string what, CancellationToken cancellation) =>
        TranslatedAsync(() => _client.QueryAsync(query, cancellation), subject, what);

    internal Task<CimRecord> GetAsync(CimPath path, string subject, string what, CancellationToken cancellation) =>
        TranslatedAsync(() => _client.GetAsync(path, cancellation), subject, what);

    internal Task<IReadOnlyList<CimRecord>> AssociatorsAsync(
        CimPath source, CimAssociation association, string subject, string what, CancellationToken cancellation) =>
        TranslatedAsync(() => _client.AssociatorsAsync(source, association, cancellation), subject, what);

    internal Task<CimMethodResult> InvokeAsync(
        CimPath target, string method, Dictionary<string, object> arguments, string subject, string what, CancellationToken cancellation) =>
        TranslatedAsync(() => _client.InvokeAsync(target, method, arguments, cancellation), subject, what);

    /// <summary>The service that changes machines.</summary>
    internal async Task<CimPath> GetServiceAsync(string subject, CancellationToken cancellation)
    {
        if (_service is null)
        {
            IReadOnlyList<CimRecord> services = await QueryAsync(
                new CimQuery(HyperVNames.VirtualizationNamespace, HyperVNames.ManagementService.Class), subject, "asking for Hyper-V's service", cancellation)
                .ConfigureAwait(false);
            _service = services.FirstOrNone()?.Path
                ?? throw new HypervisorException(HypervisorFailure.AccessDenied, subject, "the host shows no Hyper-V management service to this account.");
        }

        return _service;
    }

    /// <summary>Calls a method that may go on as a job, and waits until it is done.</summary>
    /// <param name="target">The instance.</param>
    /// <param name="method">The method; its parameter for the job is Job.</param>
    /// <param name="arguments">What goes in.</param>
    /// <param name="subject">The machine's name.</param>
    /// <param name="what">What is asked, as in "saving it".</param>
    /// <param name="cancellation">Ends the wait; the job goes on.</param>
    /// <returns>What came out.</returns>
    /// <exception cref="HypervisorException">Hyper-V refused, or failed, or is not through in time (<see cref="HypervisorFailure.VmBusy"/>).</exception>
    internal async Task<CimMethodResult> DoAsync(
        CimPath target, string method, Dictionary<string, object> arguments, string subject, string what, CancellationToken cancellation)
    {
        CimMethodResult result = await InvokeAsync(target, method, arguments, subject, what, cancellation).ConfigureAwait(false);
        if (result.ReturnValue == HyperVValues.JobStarted)
        {
            CimRecord? job = result.Out.TryGetValue(HyperVNames.ManagementService.Job, out object? value) ? value as CimRecord : null;
            await WaitForJobAsync(
                job?.Path ?? throw new HypervisorException(HypervisorFailure.OperationFailed, subject, $"{what} goes on as a job, and Hyper-V did not say which."),
                subject,
                what,
                cancellation).ConfigureAwait(false);
        }
        else if (result.ReturnValue != HyperVValues.Completed)
        {
            throw HyperVErrors.OfReturnValue(result.ReturnValue, subject, what);
        }

        return result;
    }

    /// <summary>Waits, shorter at first.</summary>
    /// <param name="pause">The last wait; zero at first.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How long it was.</returns>
    internal async Task<TimeSpan> PauseAsync(TimeSpan pause, CancellationToken cancellation)
    {
        TimeSpan next = pause == TimeSpan.Zero ? FirstPause : pause + pause;
        next = next < LongestPause ? next : LongestPause;
        await _options.Clock.Delay(next, cancellation).ConfigureAwait(false);
        return next;
    }

    private static async Task<T> TranslatedAsync<T>(Func<Task<T>> call, string subject, string what)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (CimFailureException failure)
        {
            throw HyperVErrors.Translate(failure, subject, what);
        }
    }

    private async Task WaitForJobAsync(CimPath path, string subject, string what, CancellationToken cancellation)
    {
        TimeSpan end = _options.Clock.Monotonic + _options.JobTimeout;
        for (TimeSpan pause = TimeSpan.Zero; ;)
        {
            CimRecord job;
            try
            {
                job = await _client.GetAsync(path, cancellation).ConfigureAwait(false);
            }
            catch (CimFailureException failure) when (failure.Status == CimStatus.NotFound)
            {
                // Hyper-V forgets its jobs some time after their end. How it ended is seen by what was asked for.
                return;
            }
            catch (CimFailureException failure)
            {
                throw HyperVErrors.Translate(failure, subject, $"{what} had begun, and asking how far it is");
            }

            switch (job.Number(Job.JobState))
            {
                case HyperVValues.JobCompleted or HyperVValues.JobCompletedWithWarnings:
                    return;
                case HyperVValues.JobTerminated or HyperVValues.JobKilled or HyperVValues.JobException:
                    string words = job.Text(Job.ErrorDescription);
                    throw HyperVErrors.OfJob(
                        job.Number(Job.ErrorCode) ?? 0, words.Length > 0 ? words : job.Text(Job.ErrorSummaryDescription), subject, what);
            }

            if (_options.Clock.Monotonic >= end)
            {
                throw new HypervisorException(
                    HypervisorFailure.VmBusy,
                    subject,
                    $"{what} is not done after {_options.JobTimeout.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture)} minutes ({job.Number(Job.PercentComplete)} %), and goes on.");
            }

            pause = await PauseAsync(pause, cancellation).ConfigureAwait(false);
        }
    }
}
