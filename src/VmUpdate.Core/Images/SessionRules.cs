using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Images;

/// <summary>Whether a running machine may be stopped under its users.</summary>
internal static class SessionRules
{
    /// <summary>The sessions that have to end first.</summary>
    /// <param name="run">The run, whose options say what is allowed.</param>
    /// <param name="machine">The machine, running.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The sessions; none when the machine is free.</returns>
    /// <exception cref="SwapException">Somebody is logged on and may not be logged off; or it cannot be known.</exception>
    public static async Task<IReadOnlyList<UserSession>> GetAsync(RunContext run, VirtualMachine machine, CancellationToken cancellation)
    {
        IReadOnlyList<UserSession>? sessions = run.Services.Sessions is null
            ? null
            : await run.Services.Sessions.GetSessionsAsync(machine.Key, cancellation).ConfigureAwait(false);
        if (sessions is null)
        {
            return run.Options.AllowUnknownSessions
                ? []
                : throw new SwapException(
                    SwapFailure.SessionsUnknown,
                    machine.Name,
                    "it runs, and whether somebody is logged on cannot be known.",
                    "Shut it down yourself, or allow it with -AllowUnknownSessions.");
        }

        if (sessions.Count > 0 && run.Options.DrainTime is null)
        {
            throw new SwapException(
                SwapFailure.VmInUse,
                machine.Name,
                $"it is in use by {string.Join(", ", sessions.Select(session => session.UserName))}.",
                "Wait until it is free, or give the users time to log off with -DrainMinutes.");
        }

        return sessions;
    }
}
