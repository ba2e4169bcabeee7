namespace VmUpdate.Lab;

/// <summary>How a made-up guest ends a task.</summary>
public enum LabGuestEnd
{
    /// <summary>It says that it is done.</summary>
    Succeeds,

    /// <summary>It says that it did not work.</summary>
    Fails,

    /// <summary>It says nothing more, and gives nothing up either.</summary>
    Hangs,

    /// <summary>It reports a status that is none.</summary>
    TalksNonsense,
}
