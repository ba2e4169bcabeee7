using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Channels;

/// <summary>
/// The agent's end of the channel to the host. One thread reads and one writes, and neither is waited for: writing to a serial port blocks
/// while no host is there. A channel that is not there yet, or breaks, is opened again and again.
/// </summary>
/// <param name="open">Opens the channel. Fails while it is not there.</param>
/// <param name="onOpen">Called when the channel was opened, on the reading thread.</param>
/// <param name="onMessage">Called with each message, on the reading thread; it must be quick.</param>
/// <param name="log">Told what is wrong with the channel.</param>
internal sealed class HostLink(Func<HostStream> open, Action onOpen, Action<GuestMessage> onMessage, AgentLog log) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookForHost = TimeSpan.FromMilliseconds(200);

    private readonly Outbox _outbox = new();
    private readonly LineReader _lines = new();
    private readonly ManualResetEventSlim _ended = new();
    private HostStream? _channel;
    private string _lastFailure = string.Empty;
    private long _passedOver;

    /// <summary>Whether the channel is open; a serial port is even when no host is there.</summary>
    public bool IsOpen => Volatile.Read(ref _channel) is not null;

    /// <summary>How many lines were no messages.</summary>
    public long PassedOver => Volatile.Read(ref _passedOver);

    /// <summary>Begins. To be called once.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "host link" }.Start();

    /// <summary>Sends a message, or keeps it until there is a channel. Never blocks.</summary>
    /// <param name="message">The message.</param>
    public void Send(GuestMessage message) => _outbox.Add(message with { Sent = DateTime.UtcNow });

    /// <summary>Forgets what was not sent yet: the host has begun anew.</summary>
    public void ForgetUnsent() => _outbox.Clear();

    /// <summary>Waits until what was to be sent has gone out.</summary>
    /// <param name="timeout">How long.</param>
    public void Drain(TimeSpan timeout) => _outbox.Drain(timeout);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended.Set();
        Volatile.Read(ref _channel)?.Stream.Dispose();
        _outbox.Wake();
    }

    private void Run()
    {
        TimeSpan pause = FirstPause;
        while (!_ended.IsSet)
        {
            try
            {
                HostStream channel = open();
                pause = FirstPause;
                Use(channel);
            }
            catch (Exception failure) when (IsChannelFailure(failure))
            {
                Note(failure.Message);
            }

            _ended.Wait(pause);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    private void Use(HostStream channel)
    {
        using (channel.Stream)
        {
            _lines.Reset();
            Volatile.Write(ref _channel, channel);
            Note(string.Empty);
            var writer = new Thread(() => Write(channel)) { IsBackground = true, Name = "host link writer" };
            writer.Start();
            try
            {
                onOpen();
                Read(channel);
            }
            finally
            {
                Volatile.Write(ref _channel, null);
                _outbox.Wake();
            }
        }
    }

    private void Read(HostStream channel)
    {
        var buffer = new byte[16 * 1024];
        while (!_ended.IsSet)
        {
            int count = channel.Stream.Read(buffer, 0, buffer.Length);
            if (count > 0)
            {
                _lines.Add(buffer.AsSpan(0, count), Take, () => PassOver("a line was longer than a message may be"));
            }
            else if (channel.OutlivesHost)
            {
                _lines.Reset();
                _ended.Wait(LookForHost);
            }
            else
            {
                throw new IOException("the host closed the channel");
            }
        }
    }

    private void Write(HostStream channel)
    {
        try
        {
            // Ends what a former owner of the port left half-written.
            channel.Stream.Write([(byte)'\n'], 0, 1);
            while (_outbox.Take(() => _ended.IsSet || Volatile.Read(ref _channel) != channel) is { } message)
            {
                if (TryEncode(message) is { } line)
                {
                    channel.Stream.Write(line, 0, line.Length);
                    channel.Stream.Flush();
                }
            }
        }
        catch (Exception failure) when (IsChannelFailure(failure))
        {
            // The reader meets it too, and opens the channel again.
            channel.Stream.Dispose();
        }
    }

    private byte[]? TryEncode(GuestMessage message)
    {
        try
        {
            return MessageCodec.Encode(message);
        }
        catch (GuestProtocolException tooLong)
        {
            // Hundreds of users with the longest names, for one.
            log.Write($"'{message.Type}' is not said: {tooLong.Message}");
            return null;
        }
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        try
        {
            onMessage(MessageCodec.Decode(line));
        }
        catch (GuestProtocolException unknown) when (unknown.RequestId.Length > 0)
        {
            Send(new Reply(unknown.RequestId, false, ReplyCodes.NotSupported, $"this agent does not know the message '{OneLine.Of(unknown.Place, 64)}'"));
        }
        catch (GuestProtocolException noMessage)
        {
            PassOver(noMessage.Message);
        }
    }

    /// <summary>Counts it, and says so at 1, 2, 4, 8... of them: a host that talks nonsense does not fill the disk.</summary>
    private void PassOver(string why)
    {
        long count = Interlocked.Increment(ref _passedOver);
        if ((count & (count - 1)) == 0)
        {
            log.Write($"{count} lines from the host were no messages; the last: {why}");
        }
    }

    private void Note(string failure)
    {
        if (failure != _lastFailure)
        {
            _lastFailure = failure;
            log.Write(failure.Length == 0 ? "The channel to the host is open." : $"The channel to the host is not usable: {failure} It is tried again.");
        }
    }

    private static bool IsChannelFailure(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or ObjectDisposedException or System.Net.Sockets.SocketException or NotSupportedException
            or System.ComponentModel.Win32Exception or TimeoutException;
}
