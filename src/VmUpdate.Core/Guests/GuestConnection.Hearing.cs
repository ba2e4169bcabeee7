using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <content>What the guest says.</content>
internal sealed partial class GuestConnection
{
    // So many of a guest's requests wait for the disk at once; it waits with the next.
    private const int MostRequestsUnderWay = 4;

    private readonly SemaphoreSlim _requestsUnderWay = new(MostRequestsUnderWay);
    private Hello? _hello;
    private TaskCompletionSource<bool>? _back;

    /// <summary>Why nothing but hello is spoken with the guest; <see langword="null"/> when there is no such reason.</summary>
    public string? WhyNotSpokenTo { get; private set; }

    /// <summary>What the guest said of itself; <see langword="null"/> when it was not heard, or speaks no version that this host speaks.</summary>
    public Hello? Guest
    {
        get
        {
            lock (_gate)
            {
                return _hello;
            }
        }
    }

    /// <summary>Whether the guest was heard, and is not going down.</summary>
    public bool IsReady
    {
        get
        {
            lock (_gate)
            {
                return _hello is not null && _back is null && !_ended.Task.IsCompleted;
            }
        }
    }

    private bool IsHeard => Guest is not null;

    private async Task HearAsync(GuestMessage message, CancellationToken cancellation)
    {
        if (message is Hello hello)
        {
            await HearHelloAsync(hello, cancellation).ConfigureAwait(false);
            return;
        }

        if (!IsHeard)
        {
            _traffic.Count(0, 1);
            return;
        }

        switch (message)
        {
            case Ping ping:
                await ReplyAsync(ping.RequestId, string.Empty, string.Empty, cancellation).ConfigureAwait(false);
                break;
            case Reply reply:
                Answer(reply.To, reply);
                break;
            case SessionList sessions:
                Answer(sessions.To, sessions);
                break;
            case TaskReport report:
                AnswerOf(report);
                _listener.OnReport(report);
                break;
            case PayloadPart part:
                Keep(part);
                break;
            case UpdateRequest request:
                await TakeRequestAsync(request, cancellation).ConfigureAwait(false);
                break;
            default:
                await ReplyAsync(message.RequestId, ReplyCodes.NotSupported, "a guest does not ask its host for this.", cancellation).ConfigureAwait(false);
                break;
        }
    }

    private async Task HearHelloAsync(Hello hello, CancellationToken cancellation)
    {
        bool isAsked = hello.RequestId.Length > 0;
        bool isAnew;
        TaskCompletionSource<bool>? back = null;
        lock (_gate)
        {
            isAnew = isAsked && _hello is not null;
            bool isCommon = ProtocolVersion.Choose(hello.OldestVersion, hello.NewestVersion) is not null;
            _hello = isCommon ? hello : null;
            if (isAsked)
            {
                (back, _back) = (_back, null);
            }

            WhyNotSpokenTo = isCommon
                ? null
                : $"its guest's agent ({Shown(hello.Program)}) speaks the versions {hello.OldestVersion} to {hello.NewestVersion} of the protocol, and this host "
                    + $"{ProtocolVersion.Oldest} to {ProtocolVersion.Newest}: update the older of the two.";
        }

        if (isAnew)
        {
            // The agent began anew, and what the one before it was asked is lost.
            FailQuestions("its agent was started again");
        }

        if (isAsked)
        {
            await SendAsync(Hello(), cancellation).ConfigureAwait(false);
        }

        back?.TrySetResult(true);
        _listener.OnChanged();
        if (IsHeard)
        {
            // Not waited for here: the answers come through this reader.
            Begin(stop => AskForRunsAsync(hello.Runs, stop), cancellation);
        }
    }

    private async Task AskForRunsAsync(IReadOnlyList<RunOnGuest> runs, CancellationToken cancellation)
    {
        foreach (RunOnGuest run in runs)
        {
            await SendAsync(new QueryTask(run.RunId, run.Attempt) { RequestId = NextId() }, cancellation).ConfigureAwait(false);
        }
    }

    private void Keep(PayloadPart part)
    {
        try
        {
            _payloads.Add(part);
        }
        catch (GuestProtocolException)
        {
            // The request that it belongs to will be told that its payload is not what it announced.
            _traffic.Count(0, 1);
        }
    }

    private async Task TakeRequestAsync(UpdateRequest request, CancellationToken cancellation)
    {
        byte[]? payload = _payloads.Take(request.Id, request.PayloadLength, request.PayloadHash);
        await _requestsUnderWay.WaitAsync(cancellation).ConfigureAwait(false);

        // Not waited for here: it is answered when it is on the disk, and the guest may go on meanwhile.
        Begin(stop => HearRequestAsync(request, payload, stop), cancellation);
    }

    private async Task HearRequestAsync(UpdateRequest request, byte[]? payload, CancellationToken cancellation)
    {
        GuestAnswer answer;
        try
        {
            answer = request.Deadline is { } deadline && deadline < Clock.UtcNow
                ? new GuestAnswer(false, ReplyCodes.TooLate, "the request came after its deadline.")
                : _requests is { } requests
                    ? await requests.AskAsync(new GuestRequest(Machine.Key, Machine.Name, request, payload), cancellation).ConfigureAwait(false)
                    : new GuestAnswer(false, ReplyCodes.NotSupported, "this host takes no requests.");
        }
        catch (VmUpdateException)
        {
            // What is wrong with the host is no guest's business.
            answer = new GuestAnswer(false, ReplyCodes.Failed, "the host could not write the request down. Ask again later.");
        }
        finally
        {
            _requestsUnderWay.Release();
        }

        await ReplyAsync(request.RequestId, answer.Code, answer.Message, cancellation).ConfigureAwait(false);
    }

    private Task ReplyAsync(string to, string code, string message, CancellationToken cancellation) =>
        to.Length == 0 ? Task.CompletedTask : SendAsync(new Reply(to, code.Length == 0, code, message), cancellation);

    /// <summary>A guest's words as they may be shown: nothing in them moves a cursor.</summary>
    public static string Shown(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
