using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>Users in guests: told by VmUpdate's own agent where it is there, and by what the host has of its own where it is not.</summary>
/// <param name="agent">The host's end of the words with our agents.</param>
/// <param name="host">What the host can tell by itself.</param>
public sealed class GuestSessions(HostAgent agent, IUserSessions host) : IUserSessions
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) =>
        (agent.IsReady(vm) ? await agent.GetSessionsAsync(vm, cancellation).ConfigureAwait(false) : null)
        ?? await host.GetSessionsAsync(vm, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) =>
        By(vm).SendMessageAsync(vm, session, message, cancellation);

    /// <inheritdoc/>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => By(vm).LogOffAsync(vm, session, cancellation);

    private IUserSessions By(VmKey vm) => agent.IsReady(vm) ? agent : host;
}
