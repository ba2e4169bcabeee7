namespace VmUpdate.Core.Identity;

/// <summary>Items that are carried whole or not at all.</summary>
public sealed class IdentitySet
{
    internal IdentitySet()
    {
    }

    /// <summary>The set's id: small letters, digits and hyphens.</summary>
    public string Id { get; internal init; } = string.Empty;

    /// <summary>What it is, for people.</summary>
    public string Title { get; internal init; } = string.Empty;

    /// <summary>Why the verb is what it is, one sentence for the plan.</summary>
    public string Reason { get; internal init; } = string.Empty;

    /// <summary>Whether the set is looked at at all.</summary>
    public bool IsEnabled { get; internal init; }

    /// <summary>What is done with the old disk's.</summary>
    public OldVerb Old { get; internal init; }

    /// <summary>What is done with the master's when nothing is carried in its place.</summary>
    public MasterVerb Master { get; internal init; }

    /// <summary>Whether a machine without it would take the master's place on the network, so that the swap must not go on.</summary>
    public bool IsEssential { get; internal init; }

    /// <summary>Whether its truth changes while the machine runs, so that it is always taken from the newest disk.</summary>
    public bool Rotates { get; internal init; }

    /// <summary>Whether it is carried only when a set that depends on it is.</summary>
    public bool IsOnlyWhenNeeded { get; internal init; }

    /// <summary>Whether it is user data: carried by <see cref="UserDataMode"/>, beside what the master has.</summary>
    public bool IsUserData { get; internal init; }

    /// <summary>How sure the catalogue is.</summary>
    public Certainty Certainty { get; internal init; }

    /// <summary>Where the facts are from.</summary>
    public string Source { get; internal init; } = string.Empty;

    /// <summary>Sets that must be carried for this one to be.</summary>
    public IReadOnlyList<string> DependsOn { get; internal init; } = [];

    /// <summary>Sets that must not be carried together with this one.</summary>
    public IReadOnlyList<string> ConflictsWith { get; internal init; } = [];

    /// <summary>What must hold of the two disks.</summary>
    public IReadOnlyList<Precondition> Preconditions { get; internal init; } = [];

    /// <summary>Places that the items' patterns fit and that are not meant.</summary>
    public IReadOnlyList<GuestPattern> Exclude { get; internal init; } = [];

    /// <summary>Why a machine whose disk holds it is not moved unless it is left out, or carried, on the administrator's word.</summary>
    public Refusal Refuses { get; internal init; }

    /// <summary>What the first start of a generalized master does to it.</summary>
    public SpecializeRule Specialize { get; internal init; }

    /// <summary>A sentence that the plan warns with when the old disk holds it and it is not carried; empty when nobody need be told.</summary>
    public string WhenLost { get; internal init; } = string.Empty;

    /// <summary>How grave a leak or a double is.</summary>
    public Severity Severity { get; internal init; }

    /// <summary>What a leak or a double breaks, one sentence; empty when no item of it can be one.</summary>
    public string Breaks { get; internal init; } = string.Empty;

    /// <summary>What to do about it, one sentence.</summary>
    public string Remedy { get; internal init; } = string.Empty;

    /// <summary>The line in its file where it names another set, by that set's id.</summary>
    internal IReadOnlyDictionary<string, int> LinesOfNames { get; init; } = new Dictionary<string, int>();

    /// <summary>The items.</summary>
    public IReadOnlyList<IdentityItem> Items { get; internal init; } = [];

    /// <summary>The set's verb in one word, as plans and findings show it.</summary>
    public SetVerb Verb => Old switch
    {
        OldVerb.Carry when Items.All(item => item.Kind == IdentityItemKind.NameSuffix) => SetVerb.Rename,
        OldVerb.Carry => SetVerb.Carry,
        OldVerb.Never => SetVerb.Never,
        _ when Master == MasterVerb.Strip => SetVerb.Strip,
        OldVerb.Ask => SetVerb.Ask,
        _ => SetVerb.Leave,
    };
}
