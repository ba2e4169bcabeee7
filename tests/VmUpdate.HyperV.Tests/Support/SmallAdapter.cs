namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A network adapter of a machine of the small Hyper-V.</summary>
internal sealed class SmallAdapter
{
    internal string Id { get; } = Guid.NewGuid().ToString("D").ToUpperInvariant();

    internal string Address { get; set; } = "00155D000001";

    internal bool IsStatic { get; set; } = true;

    internal string? Switch { get; set; }
}
