namespace VmUpdate.Core.Identity;

/// <summary>What becomes of a set on this machine.</summary>
public enum SetOutcome
{
    /// <summary>The new disk gets what the old one holds.</summary>
    Carried,

    /// <summary>The master's is removed from the new disk.</summary>
    Stripped,

    /// <summary>The new disk keeps what the master holds; the old disk held nothing.</summary>
    Kept,

    /// <summary>The old disk holds it, and the new one does not get it.</summary>
    NotCarried,

    /// <summary>Neither disk holds it.</summary>
    Absent,
}
