namespace VmUpdate.GuestProtocol;

/// <summary>What came over a channel is no message. The line is passed over; the channel goes on.</summary>
public sealed class GuestProtocolException : Exception
{
    /// <summary>Makes the failure.</summary>
    /// <param name="defect">The cause.</param>
    /// <param name="place">The field, or the message's type; empty for the line as a whole.</param>
    /// <param name="message">One sentence: what was expected and what was found.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public GuestProtocolException(ProtocolDefect defect, string place, string message, Exception? inner = null)
        : base(place.Length == 0 ? message : $"{place}: {message}", inner)
    {
        Defect = defect;
        Place = place;
    }

    /// <summary>The cause.</summary>
    public ProtocolDefect Defect { get; }

    /// <summary>The field, or the message's type; empty for the line as a whole.</summary>
    public string Place { get; }

    /// <summary>The request that a message of an unknown type makes, to be answered by <see cref="Messages.ReplyCodes.NotSupported"/>; empty for other defects.</summary>
    public string RequestId { get; init; } = string.Empty;
}
