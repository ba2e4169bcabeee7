namespace VmUpdate.Core.Identity;

/// <summary>How grave it is that a master holds a set, or that two disks share it.</summary>
public enum Severity
{
    /// <summary>Good to know.</summary>
    Information,

    /// <summary>Something will work wrongly or be counted wrongly.</summary>
    Warning,

    /// <summary>A secret is given away, or machines stand in for each other.</summary>
    Error,
}
