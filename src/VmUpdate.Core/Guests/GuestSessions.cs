using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>Users in guests: told by VmUpdate's own agent where it is there, and by what the host has of its own where it is not, or in another way.</summary>
/// <param name="agent">The host's end of the words with our agents.</param>
/// <param name="host">What the host can tell by itself.</param>
/// <param name="direct">The way to guests of which neither knows; <see langword="null"/> when there is none.</param>
public sealed class GuestSessions(HostAgent agent, IUserSessions host, IUserSessions? direct = null) : IUserSessions
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) =>
        (agent.IsReady(vm) ? await agent.GetSessionsAsync(vm, cancellation).ConfigureAwait(false) : null)
        ?? await host.GetSessionsAsync(vm, cancellation).ConfigureAwait(false)
        ?? (direct is null ? null : await direct.GetSessionsAsync(vm, cancellation).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) =>
        By(vm).SendMessageAsync(vm, session, message, cancellation);

    /// <inheritdoc/>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => By(vm).LogOffAsync(vm, session, cancellation);

    private IUserSessions By(VmKey vm) => agent.IsReady(vm) ? agent : direct ?? host;
}
