using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Local;

/// <summary>One program of this machine that is connected.</summary>
/// <param name="stream">Its channel.</param>
/// <param name="agent">The trigger agent.</param>
/// <param name="requests">How many requests may still be made.</param>
/// <param name="log">Notes what people may want to know.</param>
internal sealed class LocalClient(Stream stream, TriggerAgent agent, RateLimit requests, AgentLog log)
{
    /// <summary>How many lines one program may send in ten seconds: some requests of the longest.</summary>
    public const int LinesPerTenSeconds = 400;

    /// <summary>How long a program may leave its answers unread.</summary>
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(2);

    private readonly object _writing = new();
    private readonly LineReader _lines = new();
    private readonly PayloadAssembler _payloads = new(maxOpen: 1);
    private readonly RateLimit _rate = new(LinesPerTenSeconds, TimeSpan.FromSeconds(10));
    private readonly List<IDisposable> _waits = [];
    private bool _isFlood;

    /// <summary>Serves it until it goes.</summary>
    public void Serve()
    {
        var buffer = new byte[4096];
        try
        {
            int count;
            while (!_isFlood && (count = stream.Read(buffer, 0, buffer.Length)) > 0)
            {
                _lines.Add(buffer.AsSpan(0, count), Take, () => _isFlood |= !_rate.TryTake());
            }

            if (_isFlood)
            {
                log.Write("A program of this machine talks too much, and is hung up on.");
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // It went without a word.
        }
        finally
        {
            foreach (IDisposable wait in _waits)
            {
                wait.Dispose();
            }
        }
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        _isFlood |= !_rate.TryTake();
        if (_isFlood)
        {
            return;
        }

        try
        {
            Answer(MessageCodec.Decode(line));
        }
        catch (GuestProtocolException wrong)
        {
            // The other end is a program under development: it is told, unlike a host.
            Send(new Reply(wrong.RequestId, false, wrong.RequestId.Length > 0 ? ReplyCodes.NotSupported : ReplyCodes.Failed, wrong.Message));
        }
    }

    private void Answer(GuestMessage message)
    {
        switch (message)
        {
            case Hello { RequestId.Length: 0 }:
                break;
            case Hello:
                Send(agent.SayHello());
                break;
            case PayloadPart part:
                _payloads.Add(part);
                break;
            case UpdateRequest request:
                Ask(request);
                break;
            case QueryTask query:
                Send(agent.Answer(query));
                break;
            case Ping:
                bool isThere = agent.Requests.IsHostThere;
                Send(new Reply(message.RequestId, isThere, isThere ? string.Empty : ReplyCodes.Failed, isThere ? "the host is there" : "no host has said hello"));
                break;
            default:
                Send(new Reply(message.RequestId, false, ReplyCodes.NotAllowed, $"'{message.Type}' is not for programs of this machine to say"));
                break;
        }
    }

    private void Ask(UpdateRequest request)
    {
        if (_payloads.Take(request.Id, request.PayloadLength, request.PayloadHash) is not { } payload)
        {
            Send(new Reply(request.RequestId, false, ReplyCodes.PayloadMismatch, "the payload is not the one that was announced"));
        }
        else if (!requests.TryTake())
        {
            Send(new Reply(request.RequestId, false, ReplyCodes.TooMany, $"more than {LocalApi.RequestsPerMinute} requests in a minute"));
        }
        else
        {
            log.Write($"'{request.Name}' ({request.Kind} for {request.Instructor}) is asked for.");
            
            // The host's answer comes on the thread that listens to the host, which waits for no program here.
            _waits.Add(agent.Requests.Add(request, payload, reply => _ = Task.Run(() => Send(reply))));
        }
    }

    private void Send(GuestMessage message)
    {
        byte[] line = MessageCodec.Encode(message with { Sent = DateTime.UtcNow });
        lock (_writing)
        {
            try
            {
                if (stream.WriteAsync(line, 0, line.Length).Wait(WritePatience))
                {
                    return;
                }
            }
            catch (Exception gone) when (gone is AggregateException or IOException or ObjectDisposedException)
            {
                // It went; the reader notices too.
            }

            stream.Dispose();
        }
    }
}
