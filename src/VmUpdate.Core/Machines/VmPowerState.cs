namespace VmUpdate.Core.Machines;

/// <summary>What a virtual machine is doing.</summary>
public enum VmPowerState
{
    /// <summary>Powered off, with nothing kept of its memory.</summary>
    Off,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Its memory is kept on the host's disk; starting it goes on from there.</summary>
    Saved,

    /// <summary>Its memory is kept in the host's memory; resuming it goes on from there.</summary>
    Paused,

    /// <summary>On its way from one state to another, or in one that is not known. Nothing is done to it.</summary>
    Changing,
}
