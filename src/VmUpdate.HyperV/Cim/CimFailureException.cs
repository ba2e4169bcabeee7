namespace VmUpdate.HyperV.Cim;

/// <summary>A call of <see cref="ICimClient"/> did not work. It never leaves this library: see <c>HyperVErrors</c>.</summary>
public sealed class CimFailureException : Exception
{
    /// <summary>Makes the failure.</summary>
    /// <param name="code">CIM's own status: see <see cref="CimStatus"/>.</param>
    /// <param name="messageId">The number behind it, as in <c>HRESULT 0x80338012</c>; may be empty.</param>
    /// <param name="message">The system's words, in its language.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public CimFailureException(int code, string messageId, string message, Exception? inner = null)
        : base(message, inner)
    {
        Status = code;
        MessageId = messageId;
    }

    /// <summary>CIM's own status.</summary>
    public int Status { get; }

    /// <summary>The number behind it.</summary>
    public string MessageId { get; }
}
