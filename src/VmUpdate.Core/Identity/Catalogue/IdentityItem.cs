namespace VmUpdate.Core.Identity;

/// <summary>One thing that makes a machine itself: a place on its disk.</summary>
public sealed class IdentityItem
{
    internal IdentityItem()
    {
    }

    /// <summary>What kind of thing it is.</summary>
    public IdentityItemKind Kind { get; internal init; }

    /// <summary>The item's name: the value's or key's or file pattern's own, unless the catalogue gives another.</summary>
    public string Name { get; internal init; } = string.Empty;

    /// <summary>The hive, for items of the registry and for <see cref="IdentityItemKind.NameSuffix"/>.</summary>
    public HiveName Hive { get; internal init; }

    /// <summary>The key's path in the hive; <c>CurrentControlSet</c> stands for the current set; a part may hold <c>*</c> and <c>?</c>.</summary>
    public string Key { get; internal init; } = string.Empty;

    /// <summary>The value's name; empty for the default value.</summary>
    public string Value { get; internal init; } = string.Empty;

    /// <summary>The path of a file or folder on the Windows volume, a pattern; the Windows folder is spelled <c>%SystemRoot%</c>.</summary>
    public GuestPattern Path { get; internal init; } = GuestPattern.Nothing;

    /// <summary>What is done with the old disk's: the set's verb unless the item has its own.</summary>
    public OldVerb Old { get; internal init; }

    /// <summary>What is done with the master's: the set's verb unless the item has its own.</summary>
    public MasterVerb Master { get; internal init; }

    /// <summary>Whether the set cannot be carried from a disk that lacks this item.</summary>
    public bool IsRequired { get; internal init; }

    /// <summary>Whether it is only carried where the master has it too, and never created.</summary>
    public bool OnlyWherePresent { get; internal init; }

    /// <summary>Whether it is a secret: then its hash is keyed, and it is never shown.</summary>
    public bool IsSecret { get; internal init; }

    /// <summary>Whether its text may be shown to people (a computer name).</summary>
    public bool IsShown { get; internal init; }

    /// <summary>Whether it is carried beside what the master has there: what the old disk lacks is not removed.</summary>
    public bool IsBeside { get; internal init; }

    /// <summary>The only mode of <see cref="IdentityOptions.Dpapi"/> in which the item counts; <see langword="null"/> for all.</summary>
    public DpapiMode? Dpapi { get; internal init; }

    /// <summary>Another set without which this item is not carried though its own set is; empty when there is none.</summary>
    public string With { get; internal init; } = string.Empty;

    /// <summary>What must be there for the item to count.</summary>
    public ItemCounts Counts { get; internal init; }

    /// <summary>
    /// For keys: only those that hold a value of this name. For files: only those that hold this text near their beginning. Empty when all do.
    /// </summary>
    public string Having { get; internal init; } = string.Empty;

    /// <summary>Patterns of the issuers whose certificates are meant; all when empty.</summary>
    public IReadOnlyList<string> Issuers { get; internal init; } = [];

    /// <summary>Patterns of issuers whose certificates are not meant.</summary>
    public IReadOnlyList<string> ExceptIssuers { get; internal init; } = [];

    /// <summary>Whether a master should not have it: each of its children would.</summary>
    public bool IsLeak { get; internal init; }

    /// <summary>Whether no two machines may have the same.</summary>
    public bool IsUnique { get; internal init; }

    /// <summary>How sure the catalogue is of this item: as of the set, unless the item says otherwise.</summary>
    public Certainty Certainty { get; internal init; }

    /// <summary>Where the facts about it are from: as for the set, unless the item says otherwise.</summary>
    public string Source { get; internal init; } = string.Empty;
}
