using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

/// <summary>A disk of a made-up machine.</summary>
/// <param name="Controller">The controller's kind.</param>
/// <param name="ControllerNumber">The controller's number.</param>
/// <param name="Slot">The slot.</param>
/// <param name="Path">The file; a path that is not full is one in the lab's folder.</param>
/// <param name="BootOrder">Its place among what the machine boots from; <see langword="null"/> when that is not said.</param>
public sealed record LabDisk(DiskController Controller, int ControllerNumber, int Slot, string Path, int? BootOrder);
