using VmUpdate.Core.Machines;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <summary>
/// One opened channel, until it breaks: what the guest says, and what it is asked. It keeps one line, the payloads of two requests that come and of
/// four that wait for the disk, and one question for each call of the host; a guest that sends more than is taken waits.
/// </summary>
internal sealed partial class GuestConnection : IDisposable
{
    private const int ReadLength = 16 * 1024;
    private const int MostPayloads = 2;
    private const int CostOfGarbage = 10;

    private readonly object _gate = new();
    private readonly HostAgentOptions _options;
    private readonly IGuestRequests? _requests;
    private readonly IGuestListener _listener;
    private readonly GuestTraffic _traffic;
    private readonly Stream _stream;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly PayloadAssembler _payloads;
    private readonly TaskCompletionSource<bool> _ended = Waiting.Promise<bool>();
    private long _lastHeardTicks;
    private int _isReading = 1;
    private volatile Exception? _fault;

    /// <summary>Makes it.</summary>
    /// <param name="stream">The channel, which it disposes.</param>
    /// <param name="machine">Whose channel it is.</param>
    /// <param name="options">What to work with.</param>
    /// <param name="requests">What decides about requests; <see langword="null"/> when none is taken.</param>
    /// <param name="traffic">What the machine has sent before, on any connection.</param>
    /// <param name="listener">Told what the guest says.</param>
    public GuestConnection(
        Stream stream, VirtualMachine machine, HostAgentOptions options, IGuestRequests? requests, GuestTraffic traffic, IGuestListener listener)
    {
        _stream = stream;
        Machine = machine;
        _options = options;
        _requests = requests;
        _traffic = traffic;
        _listener = listener;
        _payloads = new PayloadAssembler(MostPayloads, requests?.MaxPayloadLength ?? 0);
        _lastHeardTicks = options.Clock.Monotonic.Ticks;
    }

    /// <summary>The machine, as its host described it when the channel was opened.</summary>
    public VirtualMachine Machine { get; }

    /// <summary>Completes when the channel is broken.</summary>
    public Task Ended => _ended.Task;

    private IClock Clock => _options.Clock;

    /// <summary>Listens until the channel breaks.</summary>
    /// <param name="end">Closes it.</param>
    /// <returns>Completes when it is closed. Fails with a bug only.</returns>
    public async Task RunAsync(CancellationToken end)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(end);
        using CancellationTokenRegistration closing = cut.Token.Register(_stream.Dispose);
        try
        {
            Task reading = QuietAsync(ReadAsync, cut.Token);
            Task greeting = QuietAsync(GreetAsync, cut.Token);
            Task watching = QuietAsync(WatchAsync, cut.Token);
            await Task.WhenAny(reading, watching).ConfigureAwait(false);
            cut.Cancel();
            await Task.WhenAll(reading, greeting, watching).ConfigureAwait(false);
        }
        finally
        {
            _stream.Dispose();
            _ended.TrySetResult(true);
            FailQuestions("the channel broke");
        }

        if (_fault is { } bug)
        {
            throw new InvalidOperationException($"The channel of {Machine.Name} met a fault of its own.", bug);
        }
    }

    /// <inheritdoc/>
    /// <remarks>The semaphores stay: who waits for it finds the channel closed, and they hold nothing of the system's.</remarks>
    public void Dispose() => _stream.Dispose();

    /// <summary>Says who speaks, and asks for the same.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Completes when it is said.</returns>
    public async Task GreetAsync(CancellationToken cancellation)
    {
        // An empty line ends what a former owner of the channel left half-written.
        await WriteAsync([(byte)'\n', .. MessageCodec.Encode(Hello() with { RequestId = NextId() })], cancellation).ConfigureAwait(false);
    }

    private static Hello Hello() => new(ProtocolVersion.Oldest, ProtocolVersion.Newest, "VmUpdate host agent", string.Empty, [], []);

    /// <summary>A broken channel ends its parts; it is no failure of theirs.</summary>
    private static async Task QuietAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        try
        {
            await work(cancellation).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or OperationCanceledException or GuestException)
        {
        }
    }

    /// <summary>Begins what the reader does not wait for. A bug in it ends the channel, and is thrown there.</summary>
    private void Begin(Func<CancellationToken, Task> work, CancellationToken cancellation) => QuietAsync(work, cancellation).ContinueWith(
        failed =>
        {
            _fault = failed.Exception;
            _stream.Dispose();
        },
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private async Task ReadAsync(CancellationToken cancellation)
    {
        byte[] buffer = new byte[ReadLength];
        var lines = new LineReader();
        var messages = new List<Heard>();
        int garbage = 0;
        while (true)
        {
            int read = await Waiting.ReadAsync(_stream, buffer, cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            Volatile.Write(ref _isReading, 0);
            lines.Add(buffer.AsSpan(0, read), line => Decode(line, messages, ref garbage), () => garbage++);
            _traffic.Count(messages.Count, garbage);
            TimeSpan pause = _traffic.Take(messages.Count + (garbage * CostOfGarbage), read);
            garbage = 0;
            foreach (Heard heard in messages)
            {
                await (heard.Message is { } message
                    ? HearAsync(message, cancellation)
                    : ReplyAsync(heard.Unknown, ReplyCodes.NotSupported, "this host does not know such a message.", cancellation)).ConfigureAwait(false);
            }

            messages.Clear();
            if (pause > TimeSpan.Zero)
            {
                await Clock.Delay(pause, cancellation).ConfigureAwait(false);
            }

            Volatile.Write(ref _lastHeardTicks, Clock.Monotonic.Ticks);
            Volatile.Write(ref _isReading, 1);
        }
    }

    private static void Decode(ReadOnlyMemory<byte> line, List<Heard> messages, ref int garbage)
    {
        try
        {
            messages.Add(new Heard(MessageCodec.Decode(line), string.Empty));
        }
        catch (GuestProtocolException unknown) when (unknown.Defect == ProtocolDefect.UnknownType && unknown.RequestId.Length > 0)
        {
            messages.Add(new Heard(null, unknown.RequestId));
        }
        catch (GuestProtocolException)
        {
            garbage++;
        }
    }

    /// <summary>Asks a guest of which nothing is heard whether it is there.</summary>
    private async Task WatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Clock.Delay(_options.PingEvery, cancellation).ConfigureAwait(false);
            var lastHeard = new TimeSpan(Volatile.Read(ref _lastHeardTicks));
            if (Volatile.Read(ref _isReading) == 0 || Clock.Monotonic - lastHeard < _options.PingEvery)
            {
                continue;
            }

            if (IsHeard)
            {
                await AskAsync(new Ping(), _options.AnswerTimeout, cancellation).ConfigureAwait(false);
            }
            else
            {
                // What was said before the guest's agent opened its end may be lost.
                await GreetAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    private Task SendAsync(GuestMessage message, CancellationToken cancellation) =>
        WriteAsync(MessageCodec.Encode(message with { Sent = Clock.UtcNow }), cancellation);

    /// <summary>Writes whole lines. A guest that does not take them in time has hung: then the channel is closed, as half a line may be written.</summary>
    private async Task WriteAsync(byte[] lines, CancellationToken cancellation)
    {
        if (!await _writing.WaitAsync(_options.AnswerTimeout, cancellation).ConfigureAwait(false))
        {
            throw NotReached("it does not take what it is sent");
        }

        try
        {
            Task writing = Waiting.WriteAsync(_stream, lines, CancellationToken.None);
            if (!await Waiting.WithinAsync(writing, _options.AnswerTimeout, Clock, cancellation).ConfigureAwait(false))
            {
                throw NotReached($"it did not take what it was sent within {_options.AnswerTimeout.TotalSeconds:0.#} seconds");
            }

            await writing.ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            _stream.Dispose();
            throw NotReached("the channel broke", broken);
        }
        catch (Exception hung) when (hung is GuestException or OperationCanceledException)
        {
            _stream.Dispose();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    private GuestException NotReached(string why, Exception? inner = null) =>
        new(GuestFailure.GuestNotReached, Machine.Name, $"its guest's agent is not reached: {why}.", inner);

    /// <summary>What came in one line: a message, or a question of a newer guest that this host does not know and answers.</summary>
    private readonly record struct Heard(GuestMessage? Message, string Unknown);
}
