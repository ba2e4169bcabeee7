namespace VmUpdate.Core.Identity;

/// <summary>How a guest's disk is opened.</summary>
public sealed class GuestDiskOptions
{
    /// <summary>What messages call the disk: its path, or the machine's name.</summary>
    public required string Subject { get; init; }

    /// <summary>Whether it will be written.</summary>
    public bool Writable { get; init; }

    /// <summary>The time for what is created or changed, in UTC; needed for writing.</summary>
    public Func<DateTime>? UtcNow { get; init; }

    /// <summary>
    /// Whether the disk must survive a crash as it is: then hives are written with a log entry first. A fresh child that would be made
    /// anew needs none.
    /// </summary>
    public bool WriteHiveLogs { get; init; }
}
