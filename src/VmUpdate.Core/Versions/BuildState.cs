namespace VmUpdate.Core.Versions;

/// <summary>
/// The steps of building a version, in order. A step is written down before it is done, and done again when a process dies in it.
/// </summary>
public enum BuildState
{
    /// <summary>Decided: which master, which task, which names. Nothing was changed.</summary>
    Planned,

    /// <summary>The build machine's disk is made: a child of the master, or a full copy on a host without differencing disks.</summary>
    DiskPrepared,

    /// <summary>The build machine is made, like one of the pool's.</summary>
    MachineMade,

    /// <summary>The task is registered for the build machine, and the host's task broker performs it.</summary>
    TaskGiven,

    /// <summary>The task succeeded; the build machine is brought to a clean stop.</summary>
    MachineStopped,

    /// <summary>The build machine's disk is copied, with its parents, into the new master's file.</summary>
    Sealed,

    /// <summary>The new master's file is looked through.</summary>
    Checked,

    /// <summary>The version is recorded, and the pool points to it. The build machine and its disk are taken away.</summary>
    Committed,

    /// <summary>Everything that was made is taken away. The pool points to what it pointed to.</summary>
    RolledBack,
}
