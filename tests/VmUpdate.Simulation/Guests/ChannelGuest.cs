using System.Threading.Channels;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Simulation.Guests;

/// <summary>A guest's agent as a test plays it: it says hello, answers what it is told to answer, and says what the test says.</summary>
public sealed class ChannelGuest : IDisposable
{
    private readonly Stream _stream;
    private readonly Channel<GuestMessage> _heard = Channel.CreateUnbounded<GuestMessage>();
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private int _lastId;

    /// <summary>Begins to listen. Nothing is said before <see cref="GreetAsync"/>.</summary>
    public ChannelGuest(Stream stream)
    {
        _stream = stream;
        Work = Task.Run(ReadAsync);
    }

    public int OldestVersion { get; init; } = ProtocolVersion.Oldest;

    public int NewestVersion { get; init; } = ProtocolVersion.Newest;

    public string ComputerName { get; init; } = "PC-CALLED";

    /// <summary>The runs that it says it has.</summary>
    public IReadOnlyList<RunOnGuest> Runs { get; set; } = [];

    /// <summary>What it answers, beside hello and ping; <see langword="null"/> answers nothing.</summary>
    public Func<GuestMessage, GuestMessage?> Answer { get; set; } = _ => null;

    /// <summary>Whether it answers pings.</summary>
    public bool AnswersPings { get; set; } = true;

    /// <summary>What the host said, in order.</summary>
    public ChannelReader<GuestMessage> Heard => _heard.Reader;

    /// <summary>Completes when the channel is closed.</summary>
    public Task Work { get; }

    public static ChannelGuest Begin(Stream stream, Func<GuestMessage, GuestMessage?>? answer = null)
    {
        var guest = new ChannelGuest(stream) { Answer = answer ?? (_ => null) };
        _ = guest.GreetAsync();
        return guest;
    }

    public Task GreetAsync() => SayAsync(Hello() with { RequestId = "g" + Interlocked.Increment(ref _lastId) });

    /// <summary>Says something as it is: bytes that need be no line.</summary>
    public async Task SayAsync(byte[] bytes)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream.WriteAsync(bytes);
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task SayAsync(GuestMessage message) => SayAsync(MessageCodec.Encode(message));

    /// <summary>Asks for an update, its payload first, and waits for the answer.</summary>
    public async Task<Reply> RequestAsync(UpdateRequest request, byte[] payload)
    {
        string id = "r" + Interlocked.Increment(ref _lastId);
        foreach (PayloadPart part in PayloadAssembler.Split(request.Id, payload))
        {
            await SayAsync(part);
        }

        await SayAsync(request with { RequestId = id });
        return await HearAsync<Reply>(reply => reply.To == id);
    }

    /// <summary>Waits for a message of the host; others before it are passed over.</summary>
    public async Task<T> HearAsync<T>(Func<T, bool>? isIt = null)
        where T : GuestMessage
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await _heard.Reader.ReadAsync(limit.Token) is T message && isIt?.Invoke(message) != false)
            {
                return message;
            }
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _stream.Dispose();
    }

    private Hello Hello() => new(OldestVersion, NewestVersion, "test guest", ComputerName, [], Runs);

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[8192];
        var lines = new LineReader();
        var messages = new List<GuestMessage>();
        try
        {
            while (await _stream.ReadAsync(buffer, _end.Token) is int read and > 0)
            {
                lines.Add(buffer.AsSpan(0, read), line => messages.Add(MessageCodec.Decode(line)), () => { });
                foreach (GuestMessage message in messages)
                {
                    _heard.Writer.TryWrite(message);
                    GuestMessage? answer = message switch
                    {
                        Hello { RequestId.Length: > 0 } => Hello(),
                        Ping ping => AnswersPings ? new Reply(ping.RequestId, true, string.Empty, string.Empty) : null,
                        _ => Answer(message),
                    };
                    if (answer is not null)
                    {
                        await SayAsync(answer);
                    }
                }

                messages.Clear();
            }
        }
        catch (Exception closed) when (closed is IOException or OperationCanceledException or ObjectDisposedException)
        {
        }
        finally
        {
            _heard.Writer.TryComplete();
        }
    }
}
