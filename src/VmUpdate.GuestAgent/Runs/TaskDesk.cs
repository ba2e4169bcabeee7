using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Runs;

/// <summary>Takes tasks, has them performed, and knows how each run stands. For several threads.</summary>
/// <param name="book">The runs on disk.</param>
/// <param name="agents">Who performs them.</param>
/// <param name="machine">The machine.</param>
/// <param name="tell">Tells the host how a run stands.</param>
/// <param name="beforeRestart">Waits until the host was told.</param>
/// <param name="log">Notes what people may want to know.</param>
internal sealed partial class TaskDesk(
    RunBook book, AgentDirectory agents, IMachine machine, Action<TaskReport> tell, Action beforeRestart, AgentLog log)
{
    /// <summary>The most runs at once.</summary>
    public const int MaxOpen = 8;

    /// <summary>How long a result is told again to a host that begins anew.</summary>
    private static readonly TimeSpan TellAgain = TimeSpan.FromHours(1);

    private readonly object _gate = new();
    private readonly Dictionary<(Guid Run, int Attempt), Run> _runs = [];

    /// <summary>The runs that are known.</summary>
    public IReadOnlyList<RunOnGuest> Known
    {
        get
        {
            lock (_gate)
            {
                return [.. _runs.Keys.Select(key => new RunOnGuest(key.Run, key.Attempt))];
            }
        }
    }

    /// <summary>What a host that begins anew is to be told: the runs that are open, and what ended a short while ago.</summary>
    /// <returns>The reports. A run that the machine was restarted for may be far by then: the host hears once that it is back.</returns>
    public IReadOnlyList<TaskReport> TakeNews()
    {
        lock (_gate)
        {
            DateTime since = DateTime.UtcNow - TellAgain;
            var news = new List<TaskReport>();
            foreach (Run run in _runs.Values.Where(run => !run.Record.IsOver || run.Record.Changed > since))
            {
                if (run.IsBackUntold)
                {
                    run.IsBackUntold = false;
                    news.Add(run.Record.Report with { Status = (int)RunStatus.Rebooted, Percent = null, NeedsRestart = false, Message = BackMessage });
                }

                news.Add(run.Record.Report);
            }

            return news;
        }
    }

    /// <summary>Takes up what a former process, or the machine before its restart, left. To be called once, first.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            foreach (RunRecord record in book.Load())
            {
                var run = new Run { Record = record };
                _runs.Add((record.Task.RunId, record.Task.Attempt), run);
                if (!record.IsOver)
                {
                    Resume(run);
                }
            }

            ForgetOld();
        }
    }

    /// <summary>Takes a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="payload">Its payload; <see langword="null"/> when what came is not what was announced.</param>
    /// <param name="onTaken">Called when it is taken, before the first report.</param>
    /// <exception cref="VerbException">It is not taken.</exception>
    public void Start(StartTask task, byte[]? payload, Action onTaken)
    {
        lock (_gate)
        {
            if (_runs.TryGetValue((task.RunId, task.Attempt), out Run? known))
            {
                onTaken();
                tell(known.Record.Report);
                return;
            }

            List<Run> open = [.. _runs.Values.Where(run => !run.Record.IsOver)];
            if (open.Any(run => run.Record.Task.RunId == task.RunId))
            {
                throw new VerbException(ReplyCodes.Failed, "another attempt of this run is still under way");
            }

            if (open.Count >= MaxOpen)
            {
                throw new VerbException(ReplyCodes.TooMany, $"{open.Count} runs are under way, and {MaxOpen} is the most");
            }

            IUpdateAgent agent = agents.Find(task.Instructor, out string whyNone) ?? throw new VerbException(ReplyCodes.NoUpdateAgent, whyNone);
            if (agent.WhyNot(task) is { } whyNot)
            {
                throw new VerbException(ReplyCodes.NotSupported, whyNot);
            }

            if (payload is null)
            {
                throw new VerbException(
                    ReplyCodes.PayloadMismatch, $"a payload of {task.PayloadLength} bytes with the hash {task.PayloadHash} was announced, and another one came");
            }

            Begin(task, payload, agent, onTaken);
        }
    }

    /// <summary>Says how a run stands.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="attempt">Its attempt.</param>
    /// <returns>The report; <see langword="null"/> when nothing is known of it.</returns>
    public TaskReport? Query(Guid runId, int attempt)
    {
        lock (_gate)
        {
            return _runs.TryGetValue((runId, attempt), out Run? run) ? run.Record.Report : null;
        }
    }

    /// <summary>Gives a run up, as soon as its update agent can; one that the machine is being restarted for, when the machine is back.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="attempt">Its attempt.</param>
    /// <param name="onTaken">Called when that is on disk, before the run's next report.</param>
    /// <exception cref="VerbException">There is no such run; or it is given up, and a restart might not know of it.</exception>
    public void Cancel(Guid runId, int attempt, Action onTaken)
    {
        Run run;
        string whyNotNoted;
        lock (_gate)
        {
            run = _runs.TryGetValue((runId, attempt), out Run? known)
                ? known
                : throw new VerbException(ReplyCodes.UnknownRun, "this machine knows nothing of the run");
            if (run.Record.IsOver)
            {
                onTaken();
                tell(run.Record.Report);
                return;
            }

            run.Record = run.Record with { IsCanceled = true };
            whyNotNoted = TrySave(run);
            if (whyNotNoted.Length == 0)
            {
                onTaken();
            }
        }

        // Outside the gate: what ends here may report at once.
        run.Stop.Cancel();
        if (whyNotNoted.Length > 0)
        {
            throw new VerbException(ReplyCodes.Failed, $"the run is given up, and that cannot be noted on this machine's disk: {whyNotNoted}");
        }
    }

    private void Begin(StartTask task, byte[] payload, IUpdateAgent agent, Action onTaken)
    {
        var report = new TaskReport(task.RunId, task.Attempt, (int)RunStatus.Searching, null, false, string.Empty);
        var record = new RunRecord(task with { RequestId = string.Empty }, report, machine.Boot, 0, DateTime.UtcNow);
        ForgetOld();
        try
        {
            book.Begin(record, payload);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ReplyCodes.Failed, $"the run cannot be noted on this machine's disk: {failure.Message}");
        }

        var run = new Run { Record = record };
        _runs.Add((task.RunId, task.Attempt), run);
        log.Write($"Run {task.RunId}, attempt {task.Attempt}: '{task.Name}' ({task.Kind}) for {task.Instructor}.");
        onTaken();
        run.Work = Task.Run(() => PerformAsync(run, agent));
    }

    private void ForgetOld()
    {
        List<Run> over = [.. _runs.Values.Where(run => run.Record.IsOver).OrderBy(run => run.Record.Changed)];
        int tooMany = _runs.Count - (RunBook.MaxRuns - 1);
        foreach (Run run in over.Where((run, index) => index < tooMany || run.Record.Changed < DateTime.UtcNow - RunBook.KeepResults))
        {
            _runs.Remove((run.Record.Task.RunId, run.Record.Task.Attempt));
            book.Forget(run.Record);
        }
    }

    /// <summary>A run, and the work on it.</summary>
    private sealed class Run
    {
        public required RunRecord Record { get; set; }

        public Task Work { get; set; } = Task.CompletedTask;

        public CancellationTokenSource Stop { get; } = new();

        public bool IsBackUntold { get; set; }

        /// <summary>How often the host is told what differs in nothing but how far the run is.</summary>
        public RateLimit Words { get; } = new(20, TimeSpan.FromSeconds(5));
    }
}
