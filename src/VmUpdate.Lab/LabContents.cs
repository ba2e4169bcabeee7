using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

/// <summary>What was made.</summary>
/// <param name="Lab">The lab.</param>
/// <param name="Pool">The pool's name.</param>
/// <param name="PresentMaster">The master that the pool's machines are on.</param>
/// <param name="NextMaster">The master that they can be moved to.</param>
/// <param name="Pooled">The pooled machines.</param>
/// <param name="Personal">The personal machines.</param>
public sealed record LabContents(
    LabHypervisor Lab, string Pool, string PresentMaster, string NextMaster, IReadOnlyList<VmKey> Pooled, IReadOnlyList<VmKey> Personal);
