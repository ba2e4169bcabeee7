namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A checkpoint of a machine of the small Hyper-V.</summary>
internal sealed record SmallSnapshot(string Name, string Type, string DiskPath)
{
    internal string Name { get; set; } = Name;

    internal string Key { get; } = Guid.NewGuid().ToString("D").ToUpperInvariant();
}
