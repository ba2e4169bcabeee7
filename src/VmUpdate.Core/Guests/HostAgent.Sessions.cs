using VmUpdate.Core.Machines;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <content>Users in guests, and what guests are called.</content>
public sealed partial class HostAgent
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation)
    {
        try
        {
            GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
            GuestMessage answer = await connection.AskAsync(new ListSessions(), _options.AnswerTimeout, cancellation).ConfigureAwait(false);
            return answer is SessionList list
                ? list.Sessions.Select(session => new UserSession(session.Id, GuestConnection.Shown(session.UserName), session.IsActive)).ToList()
                : null;
        }
        catch (GuestException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="GuestException">The guest is not reached, or refuses.</exception>
    public async Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation)
    {
        GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
        if (message.Length > ProtocolLimits.MaxTextLength)
        {
            throw new GuestException(
                GuestFailure.GuestRefused, connection.Machine.Name, $"a message has at most {ProtocolLimits.MaxTextLength} characters, and this one {message.Length}.");
        }

        await DemandAsync(connection, new ShowMessage(session, message), "to show a message", cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="GuestException">The guest is not reached, or refuses.</exception>
    public async Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation)
    {
        GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
        await DemandAsync(connection, new LogOffSession(session), $"to log session {session} off", cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            GuestConnection connection = await ChannelOf(vm).ReadyAsync(timeout, cancellation).ConfigureAwait(false);
            return connection.Guest is { ComputerName.Length: > 0 } guest
                ? new GuestReply(GuestReplyKind.Answered, GuestConnection.Shown(guest.ComputerName))
                : GuestReply.Silent;
        }
        catch (GuestException failure)
        {
            return failure.HasNoChannel ? GuestReply.Unavailable : GuestReply.Silent;
        }
    }
}
