using VmUpdate.Core.Guests;

namespace VmUpdate.Core.Broker;

/// <summary>Whether what a guest reports can be.</summary>
internal static class GuestTransition
{
    /// <summary>Judges a report.</summary>
    /// <param name="state">Where the run is.</param>
    /// <param name="wasAway">Whether the agent was silent before, so that a restart may have gone unseen.</param>
    /// <param name="status">The number that was reported.</param>
    /// <param name="percent">How far the guest says it is.</param>
    /// <returns>The state that follows; or why it cannot be, in one sentence.</returns>
    public static (RunState Next, string? WhyNot) Judge(RunState state, bool wasAway, int status, int? percent)
    {
        if (percent is < 0 or > 100)
        {
            return (state, $"it reported {percent} % done");
        }

        if (!state.IsPerforming())
        {
            return (state, $"it reported the status {status} while the run is {state}");
        }

        switch ((GuestStatus)status)
        {
            case GuestStatus.Searching:
                return (RunState.Searching, null);
            case GuestStatus.Downloading:
                return (RunState.Downloading, null);
            case GuestStatus.Applying:
                return (RunState.Applying, null);
            case GuestStatus.Rebooting:
                return (RunState.Rebooting, null);
            case GuestStatus.Rebooted:
                return state is RunState.Rebooting or RunState.Rebooted || wasAway
                    ? (RunState.Rebooted, null)
                    : (state, $"it reported to be back from a restart while the run is {state}");
            case GuestStatus.Success:
                return (RunState.Succeeded, null);
            case GuestStatus.Failed:
                return (RunState.Failed, null);
            default:
                return (state, $"it reported the status {status}, which is none that a guest may report");
        }
    }
}
