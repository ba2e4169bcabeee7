namespace VmUpdate.Lab;

/// <summary>A part of a task in a made-up guest.</summary>
public enum LabGuestPhase
{
    /// <summary>It looks for what to do.</summary>
    Searching,

    /// <summary>It downloads.</summary>
    Downloading,

    /// <summary>It changes the machine.</summary>
    Applying,
}
