using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>Why a run is where it is, as far as the store tells.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Detail">The reason in one sentence, with its numbers.</param>
public sealed record RunExplanation(RunReason Reason, string Detail)
{
    /// <summary>Explains a run. What holds up all runs is written down once for the host, and not with each run: here both come together.</summary>
    /// <param name="run">The run.</param>
    /// <param name="task">Its task; <see langword="null"/> when that was removed.</param>
    /// <param name="host">What the host's broker said last; <see langword="null"/> when none ever ran.</param>
    /// <param name="isAsleep">Whether the run's machine must be woken.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>The explanation.</returns>
    public static RunExplanation Of(UpdateRun run, UpdateTask? task, BrokerStatus? host, bool isAsleep, DateTime now)
    {
        if (run.State != RunState.Pending || task is null)
        {
            return new(run.Reason, run.Detail);
        }

        StartVerdict verdict = new TaskCalendar(task.Schedule).Ask(now, run.NotBefore);
        if (!verdict.MayStart && !verdict.IsOver)
        {
            return verdict.Reason == StartReason.NotBeforeStart && run.Reason == RunReason.WaitingForRetry
                ? new(run.Reason, run.Detail)
                : new(
                    verdict.Reason == StartReason.NotBeforeStart ? RunReason.NotBeforeStart : RunReason.OutsideWindow,
                    verdict.Until == DateTime.MaxValue ? "no window opens in the next two weeks" : $"not before {verdict.Until:u}");
        }

        string forAll = host is null ? string.Empty : host.WhyNoRun.Length > 0 || !isAsleep ? host.WhyNoRun : host.WhyNoWake;
        if (forAll.Length > 0 && forAll.IndexOf(':') is > 0 and var colon && Enum.TryParse(forAll.Substring(0, colon), out RunReason reason))
        {
            return new(reason, forAll.Substring(colon + 1).Trim());
        }

        // The word of a wait for a time that has come says nothing any more.
        bool isOld = run.Reason is RunReason.None or RunReason.NotBeforeStart or RunReason.OutsideWindow or RunReason.WaitingForRetry;
        return isOld ? new(RunReason.None, "it may start, and waits for the broker") : new(run.Reason, run.Detail);
    }
}
