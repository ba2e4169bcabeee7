namespace VmUpdate.Core.Tasks;

/// <summary>What an update task does to a machine. The kind sets the defaults of <see cref="KindDefaults"/>.</summary>
public enum UpdateTaskKind
{
    /// <summary>Settings are changed: minutes, no restart.</summary>
    Configuration,

    /// <summary>An application is installed.</summary>
    ApplicationInstall,

    /// <summary>An application is moved to a newer version.</summary>
    ApplicationUpgrade,

    /// <summary>The operating system is updated: hours, several restarts, and an agent that is away meanwhile.</summary>
    OperatingSystemUpgrade,
}
