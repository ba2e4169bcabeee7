namespace VmUpdate.Core.Machines;

/// <summary>What of a machine matters before its disk is replaced.</summary>
/// <param name="Firmware">What starts it.</param>
public sealed record MachineTraits(VmFirmware Firmware)
{
    /// <summary>A machine of which the host says nothing more.</summary>
    public static MachineTraits Unknown { get; } = new(VmFirmware.Unknown);

    /// <summary>Whether it has a virtual TPM. What Windows sealed with it does not open for another Windows.</summary>
    public bool HasTpm { get; init; }

    /// <summary>Whether its host's administrators are kept out of it (a shielded machine).</summary>
    public bool IsShielded { get; init; }

    /// <summary>Whether a failover cluster runs it, now here and now there.</summary>
    public bool IsClustered { get; init; }

    /// <summary>The name of the checkpoint that its manager takes it back to, when it has no other checkpoints; else empty.</summary>
    public string RollbackCheckpoint { get; init; } = string.Empty;
}
