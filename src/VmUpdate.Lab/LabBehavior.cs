namespace VmUpdate.Lab;

/// <summary>What a made-up machine does wrong, by script.</summary>
public sealed record LabBehavior
{
    /// <summary>Whether its guest never finishes shutting down.</summary>
    public bool ShutdownHangs { get; init; }

    /// <summary>Whether its guest says no to a shutdown.</summary>
    public bool ShutdownRefused { get; init; }

    /// <summary>Whether the host fails to start it.</summary>
    public bool StartFails { get; init; }

    /// <summary>Whether the host never ends what it was asked to do to it: starting, saving, pausing, resuming.</summary>
    public bool HostHangs { get; init; }

    /// <summary>Whether its guest never answers.</summary>
    public bool GuestSilent { get; init; }

    /// <summary>Whether the host cannot tell who is logged on.</summary>
    public bool SessionsUnknown { get; init; }
}
