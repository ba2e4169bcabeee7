using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

/// <summary>How a lab is worked with.</summary>
public sealed class LabOptions
{
    /// <summary>Where host files come from.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Where the disks are, when a test has them elsewhere than the lab's own records; <see cref="Files"/> when null.</summary>
    public IHostFileSystem? DiskFiles { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>Ids.</summary>
    public IIdSource Ids { get; init; } = SystemIdSource.Instance;

    /// <summary>Told before each call that changes or asks a machine; what it throws is what the call fails with.</summary>
    public Action<LabCall>? BeforeCall { get; init; }

    /// <summary>Told after each such call has had its effect; what it throws is what the call fails with nevertheless.</summary>
    public Action<LabCall>? AfterCall { get; init; }

    /// <summary>Whether the lab plays a host whose machines run from differencing disks, as Hyper-V's do and KVM's do not.</summary>
    public bool HasDifferencingDisks { get; init; } = true;
}
