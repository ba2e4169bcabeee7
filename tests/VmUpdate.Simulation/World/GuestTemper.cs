namespace VmUpdate.Simulation.World;

/// <summary>What a guest does with a task.</summary>
internal enum GuestTemper
{
    /// <summary>It does it.</summary>
    Works,

    /// <summary>It does it and wants a restart.</summary>
    WantsRestart,

    /// <summary>It says that it failed.</summary>
    Fails,

    /// <summary>It begins and never ends.</summary>
    Hangs,

    /// <summary>It says what cannot be.</summary>
    TalksNonsense,

    /// <summary>It restarts by itself half way.</summary>
    RestartsItself,

    /// <summary>It loses the connection three times.</summary>
    LosesConnection,

    /// <summary>It forgets what it was given.</summary>
    Forgets,
}
