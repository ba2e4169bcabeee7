using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestProtocol;

/// <summary>
/// Puts payloads together from their parts. Holds a bounded number of unfinished ones: the oldest goes when another begins. Not for several
/// threads.
/// </summary>
/// <param name="maxOpen">How many payloads may be unfinished at once.</param>
/// <param name="maxLength">The longest payload that is taken, in bytes; never more than <see cref="ProtocolLimits.MaxPayloadLength"/>.</param>
public sealed class PayloadAssembler(int maxOpen = 4, int maxLength = ProtocolLimits.MaxPayloadLength)
{
    private readonly List<(Guid Of, MemoryStream Bytes)> _open = [];
    private readonly int _maxLength = Math.Min(maxLength, ProtocolLimits.MaxPayloadLength);

    /// <summary>Takes a part.</summary>
    /// <param name="part">The part.</param>
    /// <exception cref="GuestProtocolException">It does not follow the part before it, or the payload would be over its limit.</exception>
    public void Add(PayloadPart part)
    {
        int index = _open.FindIndex(entry => entry.Of == part.Of);
        if (part.Offset == 0)
        {
            Forget(part.Of);
            if (_open.Count == maxOpen)
            {
                _open.RemoveAt(0);
            }

            _open.Add((part.Of, new MemoryStream()));
            index = _open.Count - 1;
        }

        long expected = index < 0 ? 0 : _open[index].Bytes.Length;
        if (part.Offset != expected || index < 0)
        {
            throw new GuestProtocolException(ProtocolDefect.FieldWrong, "offset", $"the next part begins at {expected}, and this one at {part.Offset}.");
        }

        if (expected + part.Data.Length > _maxLength)
        {
            Forget(part.Of);
            throw new GuestProtocolException(ProtocolDefect.TooLong, "data", $"a payload has at most {_maxLength} bytes here.");
        }

        _open[index].Bytes.Write(part.Data, 0, part.Data.Length);
    }

    /// <summary>Takes a payload out.</summary>
    /// <param name="of">The run or the request that it belongs to.</param>
    /// <param name="length">The length that was announced; 0 needs no part.</param>
    /// <param name="hash">The SHA-256 that was announced, in hexadecimal digits of either case.</param>
    /// <returns>The bytes; <see langword="null"/> when they are not those that were announced.</returns>
    public byte[]? Take(Guid of, int length, string hash)
    {
        int index = _open.FindIndex(entry => entry.Of == of);
        byte[] bytes = index < 0 ? [] : _open[index].Bytes.ToArray();
        Forget(of);
        return bytes.Length == length && string.Equals(HashOf(bytes), hash, StringComparison.OrdinalIgnoreCase) ? bytes : null;
    }

    /// <summary>The parts of a payload, in order.</summary>
    /// <param name="of">The run or the request that it belongs to.</param>
    /// <param name="bytes">The payload.</param>
    /// <returns>The parts; none for an empty payload.</returns>
    public static IEnumerable<PayloadPart> Split(Guid of, ReadOnlyMemory<byte> bytes)
    {
        for (int offset = 0; offset < bytes.Length; offset += ProtocolLimits.MaxPartLength)
        {
            yield return new PayloadPart(of, offset, bytes.Slice(offset, Math.Min(ProtocolLimits.MaxPartLength, bytes.Length - offset)).ToArray());
        }
    }

    /// <summary>The hash that announces a payload.</summary>
    /// <param name="bytes">The payload.</param>
    /// <returns>Its SHA-256, 64 hexadecimal digits.</returns>
    public static string HashOf(byte[] bytes) => Sha256.HashOf(bytes);

    private void Forget(Guid of) => _open.RemoveAll(entry => entry.Of == of);
}
