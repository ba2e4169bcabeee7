namespace VmUpdate.Lab;

/// <summary>A hypervisor in a folder.</summary>
public sealed class LabHypervisor
{
    /// <summary>Opens a lab.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="options">How.</param>
    /// <returns>The lab.</returns>
    public static LabHypervisor Open(string folder, LabOptions options) => throw new NotSupportedException();
}
