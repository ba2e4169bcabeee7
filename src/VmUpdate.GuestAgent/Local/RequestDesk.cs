using System.Globalization;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Local;

/// <summary>
/// Hands requests of this machine's update agents to the host. One that has no answer yet is handed over again to a host that begins anew,
/// which accepts an id once. For several threads.
/// </summary>
/// <param name="send">Sends a message to the host.</param>
internal sealed class RequestDesk(Action<GuestMessage> send)
{
    /// <summary>The most requests without an answer.</summary>
    public const int MaxOpen = 8;

    private readonly object _gate = new();
    private readonly Dictionary<string, OpenRequest> _open = [];
    private long _count;
    private bool _isHostThere;

    /// <summary>Whether the host has said hello, and speaks this agent's protocol.</summary>
    public bool IsHostThere
    {
        get
        {
            lock (_gate)
            {
                return _isHostThere;
            }
        }
    }

    /// <summary>The host has said hello: it is told what waits for an answer.</summary>
    /// <param name="beganAnew">Whether it forgot what it was told before.</param>
    public void FindHost(bool beganAnew)
    {
        lock (_gate)
        {
            if (beganAnew || !_isHostThere)
            {
                foreach (OpenRequest request in _open.Values)
                {
                    Send(request);
                }
            }

            _isHostThere = true;
        }
    }

    /// <summary>The host is not there: requests wait until it is.</summary>
    public void LoseHost()
    {
        lock (_gate)
        {
            _isHostThere = false;
        }
    }

    /// <summary>Hands a request over.</summary>
    /// <param name="request">The request.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="onAnswer">Gets the host's answer, or the agent's own when too many wait. It must be quick.</param>
    /// <returns>Ends the wait for the answer.</returns>
    public IDisposable Add(UpdateRequest request, byte[] payload, Action<Reply> onAnswer)
    {
        lock (_gate)
        {
            if (_open.Count >= MaxOpen)
            {
                onAnswer(new Reply(request.RequestId, false, ReplyCodes.TooMany, $"{MaxOpen} requests wait for the host's answer already"));
                return new Wait(() => { });
            }

            string key = "request-" + (++_count).ToString(CultureInfo.InvariantCulture);
            var open = new OpenRequest(request with { RequestId = key }, payload, reply => onAnswer(reply with { To = request.RequestId, RequestId = string.Empty }));
            _open.Add(key, open);
            if (_isHostThere)
            {
                Send(open);
            }

            return new Wait(() =>
            {
                lock (_gate)
                {
                    _open.Remove(key);
                }
            });
        }
    }

    /// <summary>Takes the host's answer.</summary>
    /// <param name="reply">The answer; one that nobody waits for is passed over.</param>
    public void Take(Reply reply)
    {
        OpenRequest? request;
        lock (_gate)
        {
            if (!_open.TryGetValue(reply.To, out request))
            {
                return;
            }

            _open.Remove(reply.To);
        }

        request.OnAnswer(reply);
    }

    private void Send(OpenRequest request)
    {
        foreach (PayloadPart part in PayloadAssembler.Split(request.Request.Id, request.Payload))
        {
            send(part);
        }

        send(request.Request);
    }

    private sealed record OpenRequest(UpdateRequest Request, byte[] Payload, Action<Reply> OnAnswer);

    private sealed class Wait(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
