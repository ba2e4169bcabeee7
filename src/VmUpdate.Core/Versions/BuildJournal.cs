using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Versions;

/// <summary>One build's lines in the journal. A step is on the disk before it is done.</summary>
internal sealed class BuildJournal
{
    private readonly VmUpdateStore _store;
    private readonly IClock _clock;
    private readonly Action<BuildProgress> _report;

    public BuildJournal(BuildRecord build, VmUpdateStore store, IClock clock, Action<BuildProgress> report)
    {
        Build = build;
        _store = store;
        _clock = clock;
        _report = report;
    }

    /// <summary>The build as the journal has it, or will have it with the next step.</summary>
    public BuildRecord Build { get; private set; }

    /// <summary>Notes what the next step is to be written down with.</summary>
    public void Note(Func<BuildRecord, BuildRecord> change) => Build = change(Build);

    /// <summary>Writes down what was noted, without a step.</summary>
    public void Save() => _store.Write(transaction => transaction.SaveBuild(Build));

    /// <summary>Begins a step.</summary>
    /// <param name="state">The step.</param>
    /// <param name="note">What is to be known of it.</param>
    /// <param name="more">What else is written in the same commit.</param>
    public void Begin(BuildState state, string note, Action<StoreTransaction>? more = null)
    {
        BuildRecord next = Build with { State = state };
        _store.Write(transaction =>
        {
            transaction.SaveBuild(next);
            transaction.AddBuildStep(next.Id, state, _clock.UtcNow, note);
            more?.Invoke(transaction);
        });
        Build = next;
        Report(note, null);
    }

    /// <summary>Ends the build.</summary>
    public void End()
    {
        BuildRecord ended = Build with { Ended = _clock.UtcNow };
        _store.Write(transaction => transaction.SaveBuild(ended));
        Build = ended;
    }

    /// <summary>Tells how far a step is.</summary>
    public void Report(string detail, int? percent) => _report(new BuildProgress(Build.Number, Build.State, detail, percent));
}
