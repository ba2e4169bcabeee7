namespace VmUpdate.Core.Machines;

/// <summary>What starts a machine, and so how its disk must be divided.</summary>
public enum VmFirmware
{
    /// <summary>The host does not say.</summary>
    Unknown,

    /// <summary>A BIOS: the disk has a master boot record (Hyper-V: generation 1).</summary>
    Bios,

    /// <summary>UEFI: the disk has a GUID partition table (Hyper-V: generation 2).</summary>
    Uefi,
}
