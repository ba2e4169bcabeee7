namespace VmUpdate.Core.Machines;

/// <summary>A disk, and the machine it hangs on.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="VmName">Its name.</param>
/// <param name="Path">The disk's file on the host.</param>
public sealed record AttachedDisk(VmKey Vm, string VmName, string Path);
