using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.HyperV.Access;
using VmUpdate.HyperV.Sessions;

namespace VmUpdate.HyperV;

/// <summary>How a Hyper-V host is worked with.</summary>
public sealed class HyperVOptions
{
    /// <summary>Where host files come from: whether disks are there. Used when the host is this computer only.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Time.</summary>
    public IClock Clock { get; init; } = SystemClock.Instance;

    /// <summary>Ids.</summary>
    public IIdSource Ids { get; init; } = SystemIdSource.Instance;

    /// <summary>The rights on files of this computer; <see langword="null"/> where files have no such rights.</summary>
    public IFileRights? Rights { get; init; } = Path.DirectorySeparatorChar == '\\' ? WindowsFileRights.Instance : null;

    /// <summary>
    /// All sessions in the machines of this computer as an RD Virtualization Host, or <see langword="null"/> when they cannot be listed; itself
    /// <see langword="null"/> where there is nobody to ask.
    /// </summary>
    public Func<Task<IReadOnlyList<TerminalSession>?>>? Sessions { get; init; } =
        Path.DirectorySeparatorChar == '\\' ? () => Task.Run(WindowsTerminalSessions.Read) : null;

    /// <summary>How long a job of Hyper-V's may take: saving a large machine takes minutes.</summary>
    public TimeSpan JobTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long others' work on a machine (live migration, export, merge, backup) is waited for before it counts as busy.</summary>
    public TimeSpan BusyPatience { get; init; } = TimeSpan.FromMinutes(2);
}
