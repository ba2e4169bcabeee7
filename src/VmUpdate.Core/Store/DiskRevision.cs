using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Store;

/// <summary>One of the disks that a pooled machine had, one after the other.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="Number">1 for the first that is known, and so on.</param>
/// <param name="Path">The file on the host.</param>
/// <param name="ParentPath">The file it is a child of; empty when that is not known or there is none.</param>
/// <param name="ParentDataWriteGuid">The parent's DataWriteGuid when the child was made; empty when not known.</param>
/// <param name="State">What became of it.</param>
/// <param name="Previous">The revision that the machine was on before; 0 for the first.</param>
/// <param name="KeptUntil">Until when it is kept, in UTC; <see langword="null"/> while it is the current one.</param>
public sealed record DiskRevision(
    VmKey Vm, int Number, string Path, string ParentPath, Guid ParentDataWriteGuid, DiskRevisionState State, int Previous, DateTime? KeptUntil);
