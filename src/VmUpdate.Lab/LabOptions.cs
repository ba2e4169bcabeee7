using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

/// <summary>How a lab is worked with.</summary>
public sealed class LabOptions
{
    /// <summary>Where host files come from.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>Ids.</summary>
    public IIdSource Ids { get; init; } = SystemIdSource.Instance;
}
