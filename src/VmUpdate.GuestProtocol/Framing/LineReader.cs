namespace VmUpdate.GuestProtocol.Framing;

/// <summary>
/// Takes lines out of a stream of bytes as they come. Keeps at most <see cref="ProtocolLimits.MaxLineLength"/> bytes: a longer line is
/// passed over to its end, and told. Not for several threads.
/// </summary>
/// <remarks>
/// A serial port has no messages and no connections of its own: what a former owner left half-written stands before the first whole line.
/// Each end therefore begins with a line feed, and an empty line means nothing.
/// </remarks>
public sealed class LineReader
{
    private const byte LineFeed = (byte)'\n';

    private byte[] _line = new byte[1024];
    private int _used;
    private bool _isTooLong;

    /// <summary>How many lines were passed over because they were too long.</summary>
    public long Dropped { get; private set; }

    /// <summary>Takes bytes.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="onLine">Gets each whole line, without its end; not kept after it returns. Empty lines are left out.</param>
    /// <param name="onTooLong">Told at the end of each line that was too long.</param>
    public void Add(ReadOnlySpan<byte> bytes, Action<ReadOnlyMemory<byte>> onLine, Action onTooLong)
    {
        while (bytes.Length > 0)
        {
            int end = bytes.IndexOf(LineFeed);
            Append(end < 0 ? bytes : bytes.Slice(0, end));
            if (end < 0)
            {
                return;
            }

            bytes = bytes.Slice(end + 1);
            int length = _used;
            bool wasTooLong = _isTooLong;
            _used = 0;
            _isTooLong = false;
            if (wasTooLong)
            {
                Dropped++;
                onTooLong();
            }
            else if (length > 0)
            {
                onLine(_line.AsMemory(0, length));
            }
        }
    }

    /// <summary>Forgets what a lost connection left half-read.</summary>
    public void Reset()
    {
        _used = 0;
        _isTooLong = false;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_isTooLong || bytes.Length > ProtocolLimits.MaxLineLength - 1 - _used)
        {
            _isTooLong = true;
            _used = 0;
            return;
        }

        if (_used + bytes.Length > _line.Length)
        {
            Array.Resize(ref _line, Math.Min(ProtocolLimits.MaxLineLength, Math.Max(_line.Length * 2, _used + bytes.Length)));
        }

        bytes.CopyTo(_line.AsSpan(_used));
        _used += bytes.Length;
    }
}
