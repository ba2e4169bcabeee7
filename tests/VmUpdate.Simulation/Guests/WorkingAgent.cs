using System.Collections.Concurrent;
using VmUpdate.Core.Guests;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Simulation.Guests;

/// <summary>
/// A guest's agent that lives on while its host comes and goes: it connects whenever it can, asks for what it was told to ask for until that is
/// answered, and performs each task that it is handed once.
/// </summary>
public sealed class WorkingAgent : IDisposable
{
    private readonly ConcurrentDictionary<Guid, (UpdateRequest Request, byte[] Payload)> _unanswered = new();
    private readonly ConcurrentDictionary<RunOnGuest, string> _performed = new();
    private readonly CancellationTokenSource _end = new();
    private readonly string _path;
    private Func<GuestMessage, Task> _say = _ => Task.CompletedTask;

    /// <summary>Begins to connect to a lab machine's channel.</summary>
    public WorkingAgent(string path)
    {
        _path = path;
        _ = Task.Run(WorkAsync);
    }

    /// <summary>The answers to its requests, by the request's id, and how often each came.</summary>
    public ConcurrentDictionary<Guid, ConcurrentQueue<Reply>> Answers { get; } = new();

    /// <summary>What it performed: run and attempt, and the hash of the payload it got.</summary>
    public IReadOnlyDictionary<RunOnGuest, string> Performed => _performed;

    /// <summary>How often it connected.</summary>
    public int Connections { get; private set; }

    /// <summary>Asks for an update, until it is answered.</summary>
    public async Task AskAsync(UpdateRequest request, byte[] payload)
    {
        _unanswered[request.Id] = (request, payload);
        await SayRequestAsync(request, payload);
    }

    public void Dispose() => _end.Cancel();

    private static Hello Hello(IEnumerable<RunOnGuest> runs) => new(ProtocolVersion.Oldest, ProtocolVersion.Newest, "working agent", "PC", ["Test"], [.. runs]);

    private async Task WorkAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using Stream channel = await LabChannelEnd.ConnectAsync(_path, _end.Token);
                Connections++;
                await TalkAsync(channel);
            }
            catch (Exception broken) when (broken is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The host went away, or the machine stopped: it connects again.
            }
        }
    }

    private async Task TalkAsync(Stream channel)
    {
        using var writing = new SemaphoreSlim(1, 1);
        async Task SayAsync(GuestMessage message)
        {
            await writing.WaitAsync(_end.Token);
            try
            {
                await channel.WriteAsync(MessageCodec.Encode(message), _end.Token);
            }
            finally
            {
                writing.Release();
            }
        }

        _say = SayAsync;
        await SayAsync(Hello(_performed.Keys) with { RequestId = "begin" });
        byte[] buffer = new byte[8192];
        var lines = new LineReader();
        var payloads = new PayloadAssembler();
        var messages = new List<GuestMessage>();
        while (await channel.ReadAsync(buffer, _end.Token) is int read and > 0)
        {
            lines.Add(buffer.AsSpan(0, read), line => messages.Add(MessageCodec.Decode(line)), () => { });
            foreach (GuestMessage message in messages)
            {
                await HearAsync(message, payloads, SayAsync);
            }

            messages.Clear();
        }
    }

    private async Task HearAsync(GuestMessage message, PayloadAssembler payloads, Func<GuestMessage, Task> sayAsync)
    {
        switch (message)
        {
            case Hello { RequestId.Length: > 0 }:
                await sayAsync(Hello(_performed.Keys));
                foreach ((UpdateRequest request, byte[] payload) in _unanswered.Values)
                {
                    await SayRequestAsync(request, payload);
                }

                break;
            case Ping ping:
                await sayAsync(new Reply(ping.RequestId, true, string.Empty, string.Empty));
                break;
            case ListSessions list:
                await sayAsync(new SessionList(list.RequestId, []));
                break;
            case PayloadPart part:
                payloads.Add(part);
                break;
            case StartTask start:
                if (payloads.Take(start.RunId, start.PayloadLength, start.PayloadHash) is null)
                {
                    await sayAsync(new Reply(start.RequestId, false, ReplyCodes.PayloadMismatch, string.Empty));
                }
                else
                {
                    _performed.TryAdd(new RunOnGuest(start.RunId, start.Attempt), start.PayloadHash);
                    await sayAsync(new Reply(start.RequestId, true, string.Empty, string.Empty));
                    await sayAsync(new TaskReport(start.RunId, start.Attempt, (int)GuestStatus.Applying, 50, false, string.Empty));
                    await sayAsync(Done(start.RunId, start.Attempt));
                }

                break;
            case QueryTask query:
                await sayAsync(_performed.ContainsKey(new RunOnGuest(query.RunId, query.Attempt))
                    ? Done(query.RunId, query.Attempt)
                    : new Reply(query.RequestId, false, ReplyCodes.UnknownRun, string.Empty));
                break;
            case Reply reply when Guid.TryParse(reply.To, out Guid request):
                Answers.GetOrAdd(request, _ => new ConcurrentQueue<Reply>()).Enqueue(reply);
                _unanswered.TryRemove(request, out _);
                break;
        }
    }

    private static TaskReport Done(Guid run, int attempt) => new(run, attempt, (int)GuestStatus.Success, 100, false, "done");

    private async Task SayRequestAsync(UpdateRequest request, byte[] payload)
    {
        try
        {
            foreach (PayloadPart part in PayloadAssembler.Split(request.Id, payload))
            {
                await _say(part);
            }

            await _say(request with { RequestId = request.Id.ToString() });
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            // Said again after the next hello.
        }
    }
}
