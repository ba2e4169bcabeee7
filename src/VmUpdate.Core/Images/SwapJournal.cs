using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>One swap's lines in the journal. A step is on the disk before it is done; several steps that change nothing yet share a commit.</summary>
internal sealed class SwapJournal
{
    private readonly VmUpdateStore _store;
    private readonly IClock _clock;
    private readonly Action<SwapState> _report;

    public SwapJournal(SwapRecord swap, VmUpdateStore store, IClock clock, Action<SwapState> report)
    {
        Swap = swap;
        _store = store;
        _clock = clock;
        _report = report;
    }

    /// <summary>The swap as the journal has it, or will have it with the next step.</summary>
    public SwapRecord Swap { get; private set; }

    /// <summary>Notes what the next step is to be written down with.</summary>
    public void Note(Func<SwapRecord, SwapRecord> change) => Swap = change(Swap);

    /// <summary>Begins steps.</summary>
    /// <param name="steps">The steps with what is to be known of them, in order.</param>
    public void Begin(params (SwapState State, string Note)[] steps) => Begin(steps, swap => swap, _ => { });

    /// <summary>Begins steps, and changes more in the same commit.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="change">What becomes of the swap's record, if the commit succeeds.</param>
    /// <param name="more">The rest of the transaction.</param>
    public void Begin((SwapState State, string Note)[] steps, Func<SwapRecord, SwapRecord> change, Action<StoreTransaction> more)
    {
        DateTime now = _clock.UtcNow;
        SwapRecord next = change(Swap) with { State = steps[steps.Length - 1].State };
        _store.Write(transaction =>
        {
            transaction.SaveSwap(next);
            foreach ((SwapState state, string note) in steps)
            {
                transaction.AddStep(next.Id, new SwapStep(state, now, note));
            }

            more(transaction);
        });
        Swap = next;
        foreach ((SwapState state, _) in steps)
        {
            _report(state);
        }
    }

    /// <summary>Writes down what was noted, without a step.</summary>
    public void Save() => _store.Write(transaction => transaction.SaveSwap(Swap));

    /// <summary>Ends the swap.</summary>
    public void End()
    {
        SwapRecord ended = Swap with { Ended = _clock.UtcNow };
        _store.Write(transaction => transaction.SaveSwap(ended));
        Swap = ended;
    }
}
