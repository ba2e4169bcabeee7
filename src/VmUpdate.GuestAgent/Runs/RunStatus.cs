namespace VmUpdate.GuestAgent.Runs;

/// <summary>What a report says of a run: the numbers of RDV_TASK_STATUS.</summary>
internal enum RunStatus
{
    /// <summary>It looks for what to do.</summary>
    Searching = 1,

    /// <summary>It downloads.</summary>
    Downloading = 2,

    /// <summary>It changes the machine.</summary>
    Applying = 3,

    /// <summary>The machine is being restarted; it goes on afterwards.</summary>
    Rebooting = 4,

    /// <summary>The machine is back; it goes on.</summary>
    Rebooted = 5,

    /// <summary>Done.</summary>
    Success = 6,

    /// <summary>It did not work.</summary>
    Failed = 7,
}
