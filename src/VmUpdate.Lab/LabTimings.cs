namespace VmUpdate.Lab;

/// <summary>How long the made-up machines of a lab take.</summary>
public sealed record LabTimings
{
    /// <summary>No time at all.</summary>
    public static LabTimings None { get; } = new();

    /// <summary>Long enough to be seen, short enough to try things out.</summary>
    public static LabTimings Brief { get; } = new()
    {
        Start = TimeSpan.FromMilliseconds(150),
        Restore = TimeSpan.FromMilliseconds(100),
        ShutDown = TimeSpan.FromMilliseconds(200),
        Save = TimeSpan.FromMilliseconds(100),
        Guest = TimeSpan.FromMilliseconds(150),
        Searching = TimeSpan.FromMilliseconds(200),
        Downloading = TimeSpan.FromMilliseconds(200),
        Applying = TimeSpan.FromMilliseconds(500),
        Away = TimeSpan.FromMilliseconds(300),
        Restart = TimeSpan.FromMilliseconds(400),
    };

    /// <summary>From off to running.</summary>
    public TimeSpan Start { get; init; }

    /// <summary>From saved or paused to running.</summary>
    public TimeSpan Restore { get; init; }

    /// <summary>From running to off.</summary>
    public TimeSpan ShutDown { get; init; }

    /// <summary>From running to saved or paused.</summary>
    public TimeSpan Save { get; init; }

    /// <summary>From running to a guest that answers.</summary>
    public TimeSpan Guest { get; init; }

    /// <summary>How long a guest searches, where its script does not say.</summary>
    public TimeSpan Searching { get; init; }

    /// <summary>How long a guest downloads, where its script does not say.</summary>
    public TimeSpan Downloading { get; init; }

    /// <summary>How long a guest applies, where its script does not say.</summary>
    public TimeSpan Applying { get; init; }

    /// <summary>How long a guest that loses its connection is away, where its script does not say.</summary>
    public TimeSpan Away { get; init; }

    /// <summary>How long a guest's restart takes, where its script does not say.</summary>
    public TimeSpan Restart { get; init; }
}
