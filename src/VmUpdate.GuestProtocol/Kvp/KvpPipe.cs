using System.Globalization;

namespace VmUpdate.GuestProtocol.Kvp;

/// <summary>
/// One end of a stream of bytes over names and values, which is all that Hyper-V offers to every guest (its key-value pair exchange): each
/// end publishes values, and sees the other's after a while. Both ends run this code. Not for several threads at once.
/// </summary>
/// <remarks>
/// <code>
/// VmUpdate.h.end      what the host says of itself: its life, the life it speaks with, how many chunks of that it has
/// VmUpdate.h.0 ... 31 chunks, each in the slot of its number: to whose life, of whose life, number, up to 700 bytes in base 64
/// VmUpdate.g.*        the same of the guest
/// </code>
/// A chunk stays in its slot until the other end says that it has it, so at most 32 are on the way. An end that begins anew has another life:
/// what was meant for the former one is passed over, and the other end sees that its stream is over. Values are limited by Hyper-V to 2 KiB
/// of UTF-16. What comes from the other end is hostile until it has this form.
/// </remarks>
public sealed class KvpPipe
{
    /// <summary>How many chunks can be on the way.</summary>
    public const int Slots = 32;

    /// <summary>The most bytes of a chunk.</summary>
    public const int ChunkBytes = 700;

    /// <summary>The longest value, in characters.</summary>
    public const int LongestValue = 1023;

    // What is kept of what was received and not taken yet: without a limit a guest could fill the host's memory.
    private const int MostReceived = 1 << 20;
    private const string Prefix = "VmUpdate.";
    private const string EndName = "end";

    private readonly string _own;
    private readonly string _others;
    private readonly string _life;
    private readonly Queue<byte> _toSend = new();
    private readonly Queue<byte> _received = new();
    private readonly SortedDictionary<long, string> _onTheWay = [];
    private readonly Dictionary<string, string> _published = new(StringComparer.Ordinal);
    private string? _otherLife;
    private long _nextToSend;
    private long _nextToReceive;

    /// <summary>Begins an end.</summary>
    /// <param name="isHost">Whether it is the host's.</param>
    /// <param name="life">What no other life of this end has or had.</param>
    public KvpPipe(bool isHost, Guid life)
    {
        _own = Prefix + (isHost ? "h." : "g.");
        _others = Prefix + (isHost ? "g." : "h.");
        _life = life.ToString("N");
    }

    /// <summary>Whether the other end speaks with this one.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Whether the other end began anew: this stream is over.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The bytes that were received and not taken yet.</summary>
    public int Available => _received.Count;

    /// <summary>The bytes that were given to <see cref="Send"/> and are not taken by the other end yet; about.</summary>
    public int Pending => _toSend.Count + (_onTheWay.Count * ChunkBytes);

    /// <summary>Whether a name is one of this end's own values.</summary>
    /// <param name="name">The name.</param>
    /// <returns><see langword="true"/> when it is.</returns>
    public bool IsOwn(string name) => name.StartsWith(_own, StringComparison.Ordinal);

    /// <summary>Gives bytes to be sent.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            _toSend.Enqueue(value);
        }
    }

    /// <summary>Takes bytes that were received.</summary>
    /// <param name="buffer">Where they go.</param>
    /// <returns>How many there were.</returns>
    public int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _received.Count);
        for (int i = 0; i < count; i++)
        {
            buffer[i] = _received.Dequeue();
        }

        return count;
    }

    /// <summary>Looks at the other end's values.</summary>
    /// <param name="values">All values that are seen, by name; others' are passed over.</param>
    public void Look(IReadOnlyDictionary<string, string> values)
    {
        if (IsOver || !values.TryGetValue(_others + EndName, out string? end) || end.Length > LongestValue || end.Split(' ') is not [var life, var speaksWith, var taken]
            || !Guid.TryParseExact(life, "N", out _))
        {
            return;
        }

        if (IsConnected && life != _otherLife)
        {
            IsOver = true;
            return;
        }

        _otherLife = life;
        if (speaksWith != _life || !long.TryParse(taken, NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count > _nextToSend)
        {
            return;
        }

        IsConnected = true;
        foreach (long number in _onTheWay.Keys.TakeWhile(number => number < count).ToList())
        {
            _onTheWay.Remove(number);
        }

        while (_received.Count < MostReceived && values.TryGetValue(Slot(_others, _nextToReceive), out string? chunk) && TryRead(chunk) is { } bytes)
        {
            foreach (byte value in bytes)
            {
                _received.Enqueue(value);
            }

            _nextToReceive++;
        }
    }

    /// <summary>What is to be published now: this end's values that are new or have changed.</summary>
    /// <returns>The values by name.</returns>
    public IReadOnlyDictionary<string, string> TakeChanges()
    {
        while (IsConnected && !IsOver && _toSend.Count > 0 && _onTheWay.Count < Slots && (_onTheWay.Count == 0 || _nextToSend - _onTheWay.Keys.First() < Slots))
        {
            byte[] bytes = new byte[Math.Min(ChunkBytes, _toSend.Count)];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = _toSend.Dequeue();
            }

            string number = _nextToSend.ToString(CultureInfo.InvariantCulture);
            _onTheWay.Add(_nextToSend++, $"{_otherLife} {_life} {number} {Convert.ToBase64String(bytes)}");
        }

        var changes = new Dictionary<string, string>(StringComparer.Ordinal);
        Publish(changes, _own + EndName, $"{_life} {_otherLife ?? "-"} {_nextToReceive.ToString(CultureInfo.InvariantCulture)}");
        foreach (KeyValuePair<long, string> chunk in _onTheWay)
        {
            Publish(changes, Slot(_own, chunk.Key), chunk.Value);
        }

        return changes;
    }

    private static string Slot(string end, long number) => end + (number % Slots).ToString(CultureInfo.InvariantCulture);

    private void Publish(Dictionary<string, string> changes, string name, string value)
    {
        if (!_published.TryGetValue(name, out string? present) || present != value)
        {
            _published[name] = value;
            changes[name] = value;
        }
    }

    /// <summary>The bytes of the next chunk, when it is one: to this life, of the other's, with the expected number.</summary>
    private byte[]? TryRead(string chunk)
    {
        if (chunk.Length > LongestValue || chunk.Split(' ') is not [var to, var from, var number, var text]
            || to != _life || from != _otherLife || number != _nextToReceive.ToString(CultureInfo.InvariantCulture))
        {
            return null;
        }

        try
        {
            byte[] bytes = Convert.FromBase64String(text);
            return bytes.Length is > 0 and <= ChunkBytes ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
