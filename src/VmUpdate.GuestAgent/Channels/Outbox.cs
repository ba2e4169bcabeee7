using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Channels;

/// <summary>
/// What is to be said to the host, in order, while it may not be there to hear it. Bounded: a report that has not gone out yet is replaced
/// by a newer one of the same state, and when it is full the oldest word goes; after a hello the host is told everything anew. For several threads.
/// </summary>
internal sealed class Outbox
{
    /// <summary>The most messages: more than a payload's parts, so that a request of the longest goes through.</summary>
    public const int MaxMessages = 128;

    private readonly object _gate = new();
    private readonly LinkedList<GuestMessage> _messages = new();
    private bool _isWriting;

    /// <summary>Adds a message.</summary>
    /// <param name="message">The message.</param>
    public void Add(GuestMessage message)
    {
        lock (_gate)
        {
            if (message is TaskReport report && FindOlder(report) is { } older)
            {
                older.Value = report;
                return;
            }

            if (_messages.Count == MaxMessages)
            {
                _messages.RemoveFirst();
            }

            _messages.AddLast(message);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits for a message and takes it out.</summary>
    /// <param name="stop">Ends the wait, at the next <see cref="Wake"/>.</param>
    /// <returns>The message; <see langword="null"/> when the wait was ended.</returns>
    public GuestMessage? Take(Func<bool> stop)
    {
        lock (_gate)
        {
            _isWriting = false;
            Monitor.PulseAll(_gate);
            while (_messages.First is null)
            {
                if (stop())
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }

            if (stop())
            {
                return null;
            }

            GuestMessage message = _messages.First.Value;
            _messages.RemoveFirst();
            _isWriting = true;
            return message;
        }
    }

    /// <summary>Ends waits whose reason to end came.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Forgets what was meant for a host that is not there any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _messages.Clear();
        }
    }

    /// <summary>Waits until everything went out.</summary>
    /// <param name="timeout">How long.</param>
    public void Drain(TimeSpan timeout)
    {
        DateTime end = DateTime.UtcNow + timeout;
        lock (_gate)
        {
            while (_messages.Count > 0 || _isWriting)
            {
                TimeSpan left = end - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                {
                    return;
                }
            }
        }
    }

    private LinkedListNode<GuestMessage>? FindOlder(TaskReport report)
    {
        for (LinkedListNode<GuestMessage>? node = _messages.Last; node is not null; node = node.Previous)
        {
            if (node.Value is TaskReport older && older.RunId == report.RunId && older.Attempt == report.Attempt)
            {
                return older.Status == report.Status ? node : null;
            }
        }

        return null;
    }
}
