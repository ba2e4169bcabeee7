namespace VmUpdate.Core.Guests;

/// <summary>What an update agent says of a task. The numbers are those of RDV_TASK_STATUS.</summary>
public enum GuestStatus
{
    /// <summary>Not for an agent to say.</summary>
    Unknown = 0,

    /// <summary>It looks for what to do.</summary>
    Searching = 1,

    /// <summary>It downloads.</summary>
    Downloading = 2,

    /// <summary>It changes the machine.</summary>
    Applying = 3,

    /// <summary>It restarts the guest.</summary>
    Rebooting = 4,

    /// <summary>The guest is back; it goes on.</summary>
    Rebooted = 5,

    /// <summary>Done.</summary>
    Success = 6,

    /// <summary>It did not work.</summary>
    Failed = 7,

    /// <summary>Not for an agent to say.</summary>
    Timeout = 8,
}
