namespace VmUpdate.Core.Identity.Leaks;

/// <summary>What a disk is looked at as.</summary>
public enum DiskRole
{
    /// <summary>
    /// A disk that stands alone, or that several of the disks looked at are children of, is a master; a differencing disk is a machine's.
    /// </summary>
    Auto,

    /// <summary>Machines are made from it: nothing of the machine that it was built on may be left on it.</summary>
    Master,

    /// <summary>One machine's: what it holds must be its own.</summary>
    Machine,
}
