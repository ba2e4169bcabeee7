namespace VmUpdate.Conformance;

/// <summary>What not every host can do. A test of one that a host has not is skipped by its name.</summary>
public enum Ability
{
    /// <summary>Machines can be made for a piece of work, and taken away.</summary>
    BuildMachines,

    /// <summary>A guest that answers what it is called.</summary>
    GuestName,

    /// <summary>A channel to the trigger agent of a guest, and a guest that sends back what comes through it.</summary>
    GuestPort,

    /// <summary>A guest that can ignore that it is asked to shut down.</summary>
    IgnoredShutdown,

    /// <summary>The use of the host's processors and memory.</summary>
    Load,

    /// <summary>A machine whose disk is absent does not start.</summary>
    RealDisks,

    /// <summary>A machine can be taken away from the host.</summary>
    Removal,
}
