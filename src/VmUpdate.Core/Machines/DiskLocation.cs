namespace VmUpdate.Core.Machines;

/// <summary>Where a disk hangs on a virtual machine.</summary>
/// <param name="Controller">The controller's kind.</param>
/// <param name="ControllerNumber">The controller's number among those of its kind, from 0.</param>
/// <param name="Slot">The slot on the controller, from 0.</param>
public readonly record struct DiskLocation(DiskController Controller, int ControllerNumber, int Slot)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Controller} {ControllerNumber}:{Slot}";
}
