namespace VmUpdate.Core.Identity;

/// <summary>Why a machine whose disk holds a set is not moved, unless the administrator says what becomes of the set.</summary>
public enum Refusal
{
    /// <summary>It is moved.</summary>
    None,

    /// <summary>It has an address that was set by hand: <see cref="IdentityFailure.StaticAddress"/>.</summary>
    StaticAddress,

    /// <summary>Another system made it and keeps its identity: <see cref="IdentityFailure.ManagedByOther"/>.</summary>
    ManagedByOther,
}
