namespace VmUpdate.Core.Identity;

/// <summary>What must hold of the two disks before a set is carried.</summary>
public enum PreconditionKind
{
    /// <summary>A registry key is on both disks or on neither: a service that only one of them has is not carried.</summary>
    KeyOnBothOrNeither,

    /// <summary>Both disks have the same machine SID.</summary>
    SameMachineSid,
}
