namespace VmUpdate.Core.Guests;

/// <summary>What a machine has sent, over all its connections: a guest is not rid of its limits by connecting anew.</summary>
internal sealed class GuestTraffic
{
    private readonly FloodLimit _messageLimit;
    private readonly FloodLimit _byteLimit;
    private long _messages;
    private long _dropped;

    /// <summary>Makes it.</summary>
    /// <param name="options">The limits.</param>
    public GuestTraffic(HostAgentOptions options)
    {
        _messageLimit = new FloodLimit(options.MessagesPerSecond, options.Clock);
        _byteLimit = new FloodLimit(options.BytesPerSecond, options.Clock);
    }

    /// <summary>How many messages came.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    /// <summary>How many lines were passed over.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Counts messages and lines that were none.</summary>
    public void Count(int messages, int dropped)
    {
        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _dropped, dropped);
    }

    /// <summary>Counts against the limits. Called by the one reader of the machine's channel.</summary>
    /// <returns>How long to wait before more is read.</returns>
    public TimeSpan Take(int cost, int bytes)
    {
        TimeSpan forMessages = _messageLimit.Take(cost);
        TimeSpan forBytes = _byteLimit.Take(bytes);
        return forMessages > forBytes ? forMessages : forBytes;
    }
}
