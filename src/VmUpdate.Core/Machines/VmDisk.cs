namespace VmUpdate.Core.Machines;

/// <summary>A disk of a virtual machine.</summary>
/// <param name="Location">Where it hangs.</param>
/// <param name="Path">The file on the host.</param>
/// <param name="BootOrder">Its place among what the machine tries to boot from, from 0; <see langword="null"/> when the host does not say.</param>
public sealed record VmDisk(DiskLocation Location, string Path, int? BootOrder);
