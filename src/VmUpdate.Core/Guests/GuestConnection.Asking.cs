using System.Globalization;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <content>What the guest is asked.</content>
internal sealed partial class GuestConnection
{
    private readonly Dictionary<string, Question> _questions = [];
    private long _lastId;

    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="question">The question.</param>
    /// <param name="timeout">How long the guest may take.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The answer: a <see cref="Reply"/>, or what answers such a question instead.</returns>
    /// <exception cref="GuestException"><see cref="GuestFailure.GuestNotReached"/>, or <see cref="GuestFailure.GuestRefused"/> for what cannot be said.</exception>
    public Task<GuestMessage> AskAsync(GuestMessage question, TimeSpan timeout, CancellationToken cancellation) => AskAsync(question, [], timeout, cancellation);

    /// <summary>Sends a payload and the question that it belongs to, and waits for the answer.</summary>
    /// <param name="question">The question.</param>
    /// <param name="before">What is sent before it.</param>
    /// <param name="timeout">How long the guest may take for the answer, counted from when it has all of it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="GuestException"><see cref="GuestFailure.GuestNotReached"/>, or <see cref="GuestFailure.GuestRefused"/> for what cannot be said.</exception>
    public async Task<GuestMessage> AskAsync(GuestMessage question, IEnumerable<PayloadPart> before, TimeSpan timeout, CancellationToken cancellation)
    {
        string id = NextId();
        var asked = new Question(question);
        lock (_gate)
        {
            _questions.Add(id, asked);
        }

        try
        {
            foreach (PayloadPart part in before)
            {
                await SendAsync(part, cancellation).ConfigureAwait(false);
            }

            await SendAsync(question with { RequestId = id, Deadline = Clock.UtcNow + timeout }, cancellation).ConfigureAwait(false);
            return await Waiting.WithinAsync(asked.Answer.Task, timeout, Clock, cancellation).ConfigureAwait(false)
                ? await asked.Answer.Task.ConfigureAwait(false)
                : throw NotReached($"it did not answer {question.Type} within {timeout.TotalSeconds:0.#} seconds");
        }
        catch (GuestProtocolException unspeakable)
        {
            throw new GuestException(GuestFailure.GuestRefused, Machine.Name, $"this cannot be said to a guest: {unspeakable.Message}", unspeakable);
        }
        finally
        {
            lock (_gate)
            {
                _questions.Remove(id);
            }

            // Nobody may be waiting for it any more.
            _ = asked.Answer.Task.Exception;
        }
    }

    /// <summary>Says that the guest was told to go down: it is not ready before it says hello again.</summary>
    /// <returns>Completes when it does.</returns>
    public Task ExpectDown()
    {
        lock (_gate)
        {
            _back = Waiting.Promise<bool>();
            return _back.Task;
        }
    }

    private string NextId() => Interlocked.Increment(ref _lastId).ToString("'h'0", CultureInfo.InvariantCulture);

    private void Answer(string to, GuestMessage answer)
    {
        Question? asked;
        lock (_gate)
        {
            _questions.TryGetValue(to, out asked);
        }

        if (asked is not null)
        {
            asked.Answer.TrySetResult(answer);
        }
        else if (to.Length > 0 && answer is not Reply)
        {
            _traffic.Count(0, 1);
        }
    }

    /// <summary>A report answers whoever asked for the run, or handed it over.</summary>
    private void AnswerOf(TaskReport report)
    {
        List<Question> asked;
        lock (_gate)
        {
            asked = [.. _questions.Values.Where(question => question.IsOf(report))];
        }

        foreach (Question question in asked)
        {
            question.Answer.TrySetResult(report);
        }
    }

    private void FailQuestions(string why)
    {
        List<Question> asked;
        lock (_gate)
        {
            asked = [.. _questions.Values];
        }

        foreach (Question question in asked)
        {
            question.Answer.TrySetException(NotReached(why));
        }
    }

    /// <summary>Something that was asked and not answered.</summary>
    private sealed class Question(GuestMessage asked)
    {
        public TaskCompletionSource<GuestMessage> Answer { get; } = Waiting.Promise<GuestMessage>();

        public bool IsOf(TaskReport report) => asked switch
        {
            StartTask start => start.RunId == report.RunId && start.Attempt == report.Attempt,
            QueryTask query => query.RunId == report.RunId && query.Attempt == report.Attempt,
            _ => false,
        };
    }
}
