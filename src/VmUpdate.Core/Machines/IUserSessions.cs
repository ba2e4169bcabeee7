namespace VmUpdate.Core.Machines;

/// <summary>Who is logged on in the virtual machines of a host.</summary>
public interface IUserSessions
{
    /// <summary>The sessions of a running machine.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The sessions; <see langword="null"/> when they cannot be known, which callers treat as <em>in use</em>.</returns>
    Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation);

    /// <summary>Shows a message in a session.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="session">The session's id.</param>
    /// <param name="message">The text.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it was handed over; not when it was read.</returns>
    Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation);

    /// <summary>Logs a session off, ending its programs.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="session">The session's id.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when the session has ended.</returns>
    Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation);
}
