namespace VmUpdate.Core.Identity;

/// <summary>How sure the catalogue is of a set.</summary>
public enum Certainty
{
    /// <summary>Read in the named source.</summary>
    Read,

    /// <summary>Seen in an excerpt only.</summary>
    Excerpt,

    /// <summary>Inferred, or general knowledge.</summary>
    Inferred,
}
