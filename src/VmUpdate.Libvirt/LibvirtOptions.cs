using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Libvirt;

/// <summary>How a libvirt host is worked with.</summary>
public sealed class LibvirtOptions
{
    /// <summary>Where host files come from: whether disks are there, and the room on their volumes.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>How long a guest's agent may take for one answer; whole seconds.</summary>
    public TimeSpan AgentTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
