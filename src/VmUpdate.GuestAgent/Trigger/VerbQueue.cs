using System.Collections.Concurrent;

namespace VmUpdate.GuestAgent.Trigger;

/// <summary>Does what takes a moment one after the other, away from the thread that listens to the host. Bounded.</summary>
internal sealed class VerbQueue : IDisposable
{
    private const int MaxWaiting = 32;
    private readonly BlockingCollection<Action> _verbs = new(MaxWaiting);

    /// <summary>Begins. To be called once.</summary>
    public void Start() => new Thread(Work) { IsBackground = true, Name = "verbs" }.Start();

    /// <summary>Adds something to do.</summary>
    /// <param name="verb">It must not fail.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryAdd(Action verb) => !_verbs.IsAddingCompleted && _verbs.TryAdd(verb);

    /// <inheritdoc/>
    public void Dispose() => _verbs.CompleteAdding();

    private void Work()
    {
        foreach (Action verb in _verbs.GetConsumingEnumerable())
        {
            verb();
        }
    }
}
