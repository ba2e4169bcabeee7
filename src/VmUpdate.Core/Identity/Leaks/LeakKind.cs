namespace VmUpdate.Core.Identity.Leaks;

/// <summary>What is wrong.</summary>
public enum LeakKind
{
    /// <summary>A master holds what each machine made from it would take along.</summary>
    Leak,

    /// <summary>Several machines hold what only one of them may have.</summary>
    Duplicate,
}
