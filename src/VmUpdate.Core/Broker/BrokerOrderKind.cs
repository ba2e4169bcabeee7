namespace VmUpdate.Core.Broker;

/// <summary>What a prompt wants of the broker.</summary>
internal enum BrokerOrderKind
{
    /// <summary>A task was registered or changed.</summary>
    TaskAdded,

    /// <summary>A task was removed.</summary>
    TaskRemoved,

    /// <summary>A task was suspended.</summary>
    TaskHeld,

    /// <summary>A task was resumed.</summary>
    TaskResumed,

    /// <summary>A machine was suspended.</summary>
    VmHeld,

    /// <summary>A machine was resumed.</summary>
    VmResumed,

    /// <summary>All work was suspended.</summary>
    HostHeld,

    /// <summary>All work was resumed.</summary>
    HostResumed,

    /// <summary>A run was called off.</summary>
    RunCanceled,

    /// <summary>The limits were set.</summary>
    LimitsSet,
}
