namespace VmUpdate.Core.Identity;

/// <summary>What is done with what the master holds, when nothing is carried in its place.</summary>
public enum MasterVerb
{
    /// <summary>It stays.</summary>
    Keep,

    /// <summary>It is removed from the new disk.</summary>
    Strip,

    /// <summary>It is removed only on the administrator's word.</summary>
    Ask,
}
