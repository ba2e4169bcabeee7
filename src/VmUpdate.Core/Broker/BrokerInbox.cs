namespace VmUpdate.Core.Broker;

/// <summary>Where observations from all threads wait for the one loop.</summary>
internal sealed class BrokerInbox
{
    private readonly object _gate = new();
    private List<Observation> _waiting = [];
    private TaskCompletionSource<bool> _news = Make();

    /// <summary>Completes when there is something, or somebody knocked.</summary>
    public Task News
    {
        get
        {
            lock (_gate)
            {
                return _news.Task;
            }
        }
    }

    /// <summary>Adds an observation.</summary>
    /// <param name="observation">The observation.</param>
    public void Add(Observation observation)
    {
        lock (_gate)
        {
            _waiting.Add(observation);
            _news.TrySetResult(true);
        }
    }

    /// <summary>Wakes the loop.</summary>
    public void Knock()
    {
        lock (_gate)
        {
            _news.TrySetResult(true);
        }
    }

    /// <summary>Takes all that waits.</summary>
    /// <returns>The observations, in their order.</returns>
    public List<Observation> Take()
    {
        lock (_gate)
        {
            List<Observation> taken = _waiting;
            _waiting = [];
            if (_news.Task.IsCompleted)
            {
                _news = Make();
            }

            return taken;
        }
    }

    // Whoever adds must not run the loop on its own thread.
    private static TaskCompletionSource<bool> Make() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
