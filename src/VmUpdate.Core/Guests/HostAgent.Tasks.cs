using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.Core.Guests;

/// <content>Tasks in guests.</content>
public sealed partial class HostAgent
{
    /// <inheritdoc/>
    public async Task WaitUntilReadyAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        GuestChannel channel = ChannelOf(vm);
        TimeSpan end = _options.Clock.Monotonic + timeout;
        while (true)
        {
            GuestConnection connection = await channel.ReadyAsync(Left(end), cancellation).ConfigureAwait(false);
            TimeSpan left = Left(end);
            try
            {
                // It said hello; whether it is there now is another question.
                await connection.AskAsync(new Ping(), left < _options.AnswerTimeout ? left : _options.AnswerTimeout, cancellation).ConfigureAwait(false);
                return;
            }
            catch (GuestException silent) when (silent.Failure == GuestFailure.GuestNotReached && Left(end) > TimeSpan.Zero)
            {
                // Asked once more: the connection may have broken just now.
                await _options.Clock.Delay(Shorter(_options.FirstRetry, Left(end)), cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public async Task HandOverAsync(VmKey vm, GuestTask task, CancellationToken cancellation)
    {
        UpdateTask given = task.Task;
        GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
        if (!NameRules.IsName(given.Instructor))
        {
            throw new GuestException(
                GuestFailure.GuestRefused,
                connection.Machine.Name,
                $"the instructor '{given.Instructor}' cannot be named to a guest: a name has 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit.");
        }

        PayloadInfo payload = task.Payload.Info;
        var start = new StartTask(
            task.RunId,
            task.Attempt,
            given.Name,
            given.Kind.ToString(),
            given.Instructor,
            payload.Kind.ToString(),
            payload.FileName,
            payload.Length,
            payload.Sha256,
            task.MayRestart,
            (int)given.Timeouts.Total.TotalSeconds);
        GuestMessage answer = await connection.AskAsync(
            start, PayloadAssembler.Split(task.RunId, task.Payload.Bytes), _options.AnswerTimeout, cancellation).ConfigureAwait(false);
        if (answer is Reply { IsDone: false } no)
        {
            throw no.Code == ReplyCodes.NoUpdateAgent
                ? new GuestException(GuestFailure.NoUpdateAgent, connection.Machine.Name, $"there is no update agent for '{given.Instructor}' in its guest.")
                : Refused(connection, "the task", no);
        }
    }

    /// <inheritdoc/>
    public async Task<GuestTaskReport?> GetProgressAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
        return await connection.AskAsync(new QueryTask(runId, attempt), _options.AnswerTimeout, cancellation).ConfigureAwait(false) switch
        {
            TaskReport report => new GuestTaskReport(vm, report.RunId, report.Attempt, report.Status, report.Percent, report.NeedsRestart, report.Message),
            Reply { IsDone: false, Code: not ReplyCodes.UnknownRun } no => throw Refused(connection, "to say how a run stands", no),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public async Task CancelAsync(VmKey vm, Guid runId, int attempt, CancellationToken cancellation)
    {
        GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
        GuestMessage answer = await connection.AskAsync(new CancelTask(runId, attempt), _options.AnswerTimeout, cancellation).ConfigureAwait(false);
        if (answer is Reply { IsDone: false, Code: not ReplyCodes.UnknownRun } no)
        {
            throw Refused(connection, "to give a run up", no);
        }
    }

    /// <inheritdoc/>
    public async Task RestartAsync(VmKey vm, CancellationToken cancellation)
    {
        GuestConnection connection = await ReadyAsync(vm, cancellation).ConfigureAwait(false);
        await DemandAsync(connection, new RestartGuest(), "to restart", cancellation).ConfigureAwait(false);

        // A serial port stays open while its machine restarts: then the next hello tells that it went down.
        Task back = connection.ExpectDown();
        if (!await Waiting.WithinAsync(Task.WhenAny(connection.Ended, back), _options.RestartTimeout, _options.Clock, cancellation).ConfigureAwait(false))
        {
            throw new GuestException(
                GuestFailure.GuestNotReached, connection.Machine.Name, $"its guest took the restart and had not gone down within {_options.RestartTimeout.TotalSeconds:0} seconds.");
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static GuestException Refused(GuestConnection connection, string what, Reply no) => new(
        GuestFailure.GuestRefused, connection.Machine.Name, $"its guest refused {what}: {GuestConnection.Shown(no.Code)}. {GuestConnection.Shown(no.Message)}".TrimEnd());

    private TimeSpan Left(TimeSpan end)
    {
        TimeSpan left = end - _options.Clock.Monotonic;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private Task<GuestConnection> ReadyAsync(VmKey vm, CancellationToken cancellation) => ChannelOf(vm).ReadyAsync(_options.AnswerTimeout, cancellation);

    private async Task DemandAsync(GuestConnection connection, GuestMessage question, string what, CancellationToken cancellation)
    {
        GuestMessage answer = await connection.AskAsync(question, _options.AnswerTimeout, cancellation).ConfigureAwait(false);
        if (answer is Reply { IsDone: false } no)
        {
            throw Refused(connection, what, no);
        }
    }
}
