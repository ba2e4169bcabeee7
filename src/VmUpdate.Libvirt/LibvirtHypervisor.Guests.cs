using System.Net.Sockets;
using System.Text.Json;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

public sealed partial class LibvirtHypervisor
{
    private const int LongestName = 255;
    private const int MostSessions = 1000;

    /// <inheritdoc/>
    public async Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        TimeSpan end = _options.Clock.Monotonic + timeout;
        while (true)
        {
            Task next = _connection.Events.Next(vm.VmId);
            TimeSpan left = end - _options.Clock.Monotonic;
            GuestReply? reply = await WithAsync(
                vm,
                domain =>
                {
                    domain.RequireState(VmPowerState.Running);
                    return AskName(domain, Shorter(_options.AgentTimeout, left));
                },
                cancellation).ConfigureAwait(false);
            if (reply is not null)
            {
                return reply;
            }

            left = end - _options.Clock.Monotonic;
            if (left <= TimeSpan.Zero)
            {
                return GuestReply.Silent;
            }

            // The agent's coming is an event. For a moment after a restore it is there and does not answer yet, which is none.
            await AnyAsync(next, Shorter(AgentPause, left), cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// QEMU's guest agent tells who is logged on, not whether they are connected: each counts as active. Without an answer nothing is known.
    /// </remarks>
    public Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation) => WithAsync<IReadOnlyList<UserSession>?>(
        vm,
        domain =>
        {
            try
            {
                (GuestAgent.Outcome outcome, JsonElement users) = GuestAgent.Ask(domain, "guest-get-users", null, _options.AgentTimeout);
                return outcome == GuestAgent.Outcome.Answered && users.ValueKind == JsonValueKind.Array && users.GetArrayLength() <= MostSessions
                    ? ReadSessions(users)
                    : null;
            }
            catch (GuestException)
            {
                return null;
            }
        },
        cancellation);

    /// <inheritdoc/>
    /// <remarks>QEMU's guest agent has no word for it; VmUpdate's own agent has.</remarks>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) => RefuseAsync(vm, "shown a message", cancellation);

    /// <inheritdoc/>
    /// <remarks>QEMU's guest agent has no word for it; VmUpdate's own agent has.</remarks>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => RefuseAsync(vm, "logged off", cancellation);

    /// <inheritdoc/>
    public async Task<Stream> OpenGuestPortAsync(VmKey vm, CancellationToken cancellation)
    {
        (string name, string? path) = await WithAsync(
            vm,
            domain =>
            {
                domain.RequireState(VmPowerState.Running);
                return (domain.Name, ReadLive(domain).TriggerSocket);
            },
            cancellation).ConfigureAwait(false);
        if (path is null)
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotUsable, name, "it has no channel org.vmupdate.trigger.0 on a unix socket. The README shows the lines to add to it.");
        }

        if (!DisksAreHere)
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotReachable, name, $"its channel is a socket on {HostName}; the host agent runs there.");
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(UnixSocket.At(path)).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            socket.Dispose();
            bool isDenied = failure is SocketException { SocketErrorCode: SocketError.AccessDenied };
            throw new HypervisorException(
                isDenied ? HypervisorFailure.AccessDenied : HypervisorFailure.VmBusy,
                name,
                $"its channel {path} cannot be opened: {failure.Message}.",
                failure);
        }
    }

    private static readonly TimeSpan AgentPause = TimeSpan.FromMilliseconds(100);

    private static GuestReply? AskName(Domain domain, TimeSpan timeout)
    {
        (GuestAgent.Outcome outcome, JsonElement value) = GuestAgent.Ask(domain, "guest-get-host-name", null, timeout);
        switch (outcome)
        {
            case GuestAgent.Outcome.Unavailable:
                return GuestReply.Unavailable;
            case GuestAgent.Outcome.Silent:
                return null;
        }

        string? name = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("host-name", out JsonElement text)
            && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        return name is { Length: > 0 and <= LongestName } && !name.Any(char.IsControl)
            ? new GuestReply(GuestReplyKind.Answered, name)
            : throw GuestAgent.Refused(domain.Name, "its agent answered guest-get-host-name with something that is no name.");
    }

    private static List<UserSession> ReadSessions(JsonElement users) => users.EnumerateArray()
        .Select((user, index) => new UserSession(
            index + 1,
            user.ValueKind == JsonValueKind.Object && user.TryGetProperty("user", out JsonElement name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()!
                : "?",
            IsActive: true))
        .ToList();

    private Task<bool> RefuseAsync(VmKey vm, string what, CancellationToken cancellation) => WithAsync<bool>(
        vm,
        domain => throw new HypervisorException(
            HypervisorFailure.OperationFailed, domain.Name, $"users cannot be {what} through QEMU's guest agent. VmUpdate's own agent in the guest can do it."),
        cancellation);
}
