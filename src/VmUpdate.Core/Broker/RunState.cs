namespace VmUpdate.Core.Broker;

/// <summary>Where an update run is.</summary>
public enum RunState
{
    /// <summary>It waits for its time, or for the load gate.</summary>
    Pending,

    /// <summary>It, its task or its machine was suspended, or too many runs of its task failed.</summary>
    Held,

    /// <summary>The machine is being woken, or its guest is awaited.</summary>
    Waking,

    /// <summary>The agent has the task and looks for what to do.</summary>
    Searching,

    /// <summary>The agent downloads.</summary>
    Downloading,

    /// <summary>The agent changes the machine.</summary>
    Applying,

    /// <summary>The guest restarts.</summary>
    Rebooting,

    /// <summary>The guest is back from a restart; the agent goes on.</summary>
    Rebooted,

    /// <summary>Done; perhaps with a restart that is still to come.</summary>
    Succeeded,

    /// <summary>It did not work.</summary>
    Failed,

    /// <summary>It took, or waited, longer than it may.</summary>
    TimedOut,

    /// <summary>It was called off.</summary>
    Canceled,

    /// <summary>The machine left this host.</summary>
    Moved,

    /// <summary>The machine was woken for it and could not be put back; it runs on.</summary>
    LeftAwake,
}
