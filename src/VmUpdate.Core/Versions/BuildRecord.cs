using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Versions;

/// <summary>The building of a version in the journal: all that is needed to finish it or to undo it.</summary>
public sealed record BuildRecord
{
    /// <summary>The build's id: the text of the build machine's mark; eight of its digits are in the names of files.</summary>
    public required Guid Id { get; init; }

    /// <summary>The host.</summary>
    public required string HostId { get; init; }

    /// <summary>The pool.</summary>
    public required string Pool { get; init; }

    /// <summary>The number that the version gets.</summary>
    public required int Number { get; init; }

    /// <summary>The number of the version that it is made from.</summary>
    public required int FromNumber { get; init; }

    /// <summary>The master that it is made from.</summary>
    public required string MasterPath { get; init; }

    /// <summary>That master's DataWriteGuid.</summary>
    public required Guid MasterDataWriteGuid { get; init; }

    /// <summary>The build machine's disk.</summary>
    public required string DiskPath { get; init; }

    /// <summary>The new master.</summary>
    public required string NewPath { get; init; }

    /// <summary>The build machine's name.</summary>
    public required string VmName { get; init; }

    /// <summary>The machine of the pool whose hardware it has.</summary>
    public required VmKey Model { get; init; }

    /// <summary>Where the disk hangs.</summary>
    public required DiskLocation Location { get; init; }

    /// <summary>Whether it has network adapters.</summary>
    public required bool HasNetwork { get; init; }

    /// <summary>The task, for no machine yet.</summary>
    public required UpdateTask Task { get; init; }

    /// <summary>Whether the build machine's disk is kept when the build fails.</summary>
    public required bool KeepFailedDisk { get; init; }

    /// <summary>When it began, in UTC.</summary>
    public required DateTime Began { get; init; }

    /// <summary>The last step that was begun.</summary>
    public BuildState State { get; init; }

    /// <summary>When it ended, in UTC; <see langword="null"/> while it is open.</summary>
    public DateTime? Ended { get; init; }

    /// <summary>The build machine; <see langword="null"/> until it is made.</summary>
    public VmKey? Vm { get; init; }

    /// <summary>The task's run; <see langword="null"/> until the task is registered.</summary>
    public Guid? RunId { get; init; }

    /// <summary>How the run ended, in one sentence.</summary>
    public string Result { get; init; } = string.Empty;

    /// <summary>The new master's DataWriteGuid; <see cref="Guid.Empty"/> until it was looked through.</summary>
    public Guid DataWriteGuid { get; init; }

    /// <summary>What the new master leaks.</summary>
    public IReadOnlyList<VersionFinding> Findings { get; init; } = [];

    /// <summary>What the administrator should know although it went well.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The error id of what failed last; empty when nothing did.</summary>
    public string ErrorId { get; init; } = string.Empty;

    /// <summary>What failed last, in one sentence.</summary>
    public string Error { get; init; } = string.Empty;
}
