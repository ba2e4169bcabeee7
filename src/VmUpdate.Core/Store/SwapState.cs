namespace VmUpdate.Core.Store;

/// <summary>
/// The steps of a swap, in order. A step is written down before it is done, and done again when a process dies in it.
/// </summary>
public enum SwapState
{
    /// <summary>Decided: which machine, which disk, which master. Nothing was changed.</summary>
    Planned,

    /// <summary>A child of the new master is made beside the old disk. The machine may still run.</summary>
    NewDiskPrepared,

    /// <summary>The machine is brought to a clean stop, and its old disk is held so that nobody starts it.</summary>
    VmStopped,

    /// <summary>The identity is copied out of the old disk.</summary>
    IdentityPreserved,

    /// <summary>The identity is written into the new disk, read back and compared.</summary>
    IdentityRestored,

    /// <summary>The new disk is put in the old one's place.</summary>
    DiskSwitched,

    /// <summary>The machine is started, if it ran, was paused or was saved.</summary>
    VmStarted,

    /// <summary>The guest is asked who it is; without a way to ask, what was read back from the disk stands.</summary>
    Verified,

    /// <summary>The checkpoint that another system takes the machine back to is made anew; only where there is such a system.</summary>
    CheckpointRenewed,

    /// <summary>Done. The old disk is kept for its time.</summary>
    Committed,

    /// <summary>Everything is put back as it was found. The machine is on its old disk.</summary>
    RolledBack,
}
