using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Broker;

/// <summary>What sessions allow.</summary>
internal static class SessionRules
{
    /// <summary>Whether a needed restart may be done now.</summary>
    /// <param name="policy">The task's policy.</param>
    /// <param name="sessions">All sessions, also those without their user; <see langword="null"/> when not known.</param>
    /// <param name="allowUnknown">Whether unknown counts as not in use.</param>
    /// <param name="restarts">How often it was restarted.</param>
    /// <param name="maxRestarts">How often it may be.</param>
    /// <returns>Why not; <see langword="null"/> when it may.</returns>
    public static string? WhyNoRestart(
        RestartPolicy policy, IReadOnlyList<UserSession>? sessions, bool allowUnknown, int restarts, int maxRestarts)
    {
        if (restarts >= maxRestarts)
        {
            return $"the guest was restarted {restarts} times, {maxRestarts} are allowed";
        }

        if (policy != RestartPolicy.IfNoSession)
        {
            return policy == RestartPolicy.Never ? "the task restarts nothing" : null;
        }

        if (sessions is null)
        {
            return allowUnknown ? null : "whether somebody is logged on cannot be known";
        }

        return sessions.Count == 0 ? null : $"{sessions.Count} sessions, the first of '{sessions[0].UserName}'";
    }

    /// <summary>Whether a machine that was woken may be put back.</summary>
    /// <param name="vm">The machine, with the sessions seen just now.</param>
    /// <param name="allowUnknown">Whether unknown counts as not in use.</param>
    /// <returns>Why not; open when it may.</returns>
    public static GateDecision MayPutBack(TrackedVm vm, bool allowUnknown)
    {
        if (vm.BusyWith.Count > 0)
        {
            return vm.BusyWith.Exists(work => work.State == RunState.Applying)
                ? new(RunReason.StillApplying, "the guest may still be applying the update")
                : new(RunReason.StillRebooting, "the guest may still be restarting");
        }

        if (vm.Sessions is null)
        {
            return allowUnknown
                ? GateDecision.Open
                : new(RunReason.SessionsUnknown, "whether somebody uses it cannot be known, which counts as in use (-AllowUnknownSessions)");
        }

        UserSession? arrived = vm.Sessions.FirstOrDefault(s => vm.Arrived.Contains(s.Id));
        return arrived is null ? GateDecision.Open : new(RunReason.UserArrived, $"'{arrived.UserName}' has logged on since it was woken");
    }

    /// <summary>Notes which sessions became active since the wake.</summary>
    /// <param name="vm">The machine, with the sessions seen just now.</param>
    public static void NoteArrivals(TrackedVm vm)
    {
        foreach (UserSession session in vm.Sessions ?? [])
        {
            // Without a baseline an active session counts as a user who came: better left awake than saved under somebody's hands.
            // One that was not there at all was active in between, and may have left open work.
            bool becameActive = session.IsActive && !(vm.Baseline?.Contains(session.Id) ?? false);
            if (becameActive || vm.BaselineAll?.Contains(session.Id) == false)
            {
                vm.Arrived.Add(session.Id);
            }
        }
    }
}
