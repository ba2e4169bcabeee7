using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Store;

/// <summary>A swap in the journal: all that is needed to finish it or to undo it.</summary>
public sealed record SwapRecord
{
    /// <summary>The swap's id; eight of its digits are in the new disk's name.</summary>
    public required Guid Id { get; init; }

    /// <summary>The machine.</summary>
    public required VmKey Vm { get; init; }

    /// <summary>The machine's name when the swap was planned.</summary>
    public required string VmName { get; init; }

    /// <summary>The pool it is in.</summary>
    public required string Pool { get; init; }

    /// <summary>Which way it goes.</summary>
    public required SwapDirection Direction { get; init; }

    /// <summary>Where the disk hangs.</summary>
    public required DiskLocation Location { get; init; }

    /// <summary>The disk that the machine is on.</summary>
    public required string OldPath { get; init; }

    /// <summary>The parent of the disk that the machine is on; empty when it has none or that was not known.</summary>
    public required string OldParentPath { get; init; }

    /// <summary>The disk that it shall be on.</summary>
    public required string NewPath { get; init; }

    /// <summary>The parent of the new disk: a master, or the disk to go back to.</summary>
    public required string ParentPath { get; init; }

    /// <summary>The parent's DataWriteGuid.</summary>
    public required Guid ParentDataWriteGuid { get; init; }

    /// <summary>The number of the old disk.</summary>
    public required int OldRevision { get; init; }

    /// <summary>The number of the new disk.</summary>
    public required int NewRevision { get; init; }

    /// <summary>The state that the machine was found in, and is put back to.</summary>
    public required VmPowerState PowerFound { get; init; }

    /// <summary>Who began the swap: account and computer.</summary>
    public required string Owner { get; init; }

    /// <summary>The process that began it.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When it began, in UTC.</summary>
    public required DateTime Began { get; init; }

    /// <summary>The last step that was begun.</summary>
    public SwapState State { get; init; }

    /// <summary>When it ended, in UTC; <see langword="null"/> while it is open.</summary>
    public DateTime? Ended { get; init; }

    /// <summary>The bundle in the identity store; empty when there is none.</summary>
    public string BundleId { get; init; } = string.Empty;

    /// <summary>The users that were logged off for it.</summary>
    public IReadOnlyList<string> UsersLoggedOff { get; init; } = [];

    /// <summary>What the guest calls itself on the new disk; empty until that is written.</summary>
    public string ComputerName { get; init; } = string.Empty;

    /// <summary>The sets that are carried.</summary>
    public IReadOnlyList<string> SetsCarried { get; init; } = [];

    /// <summary>The sets that are removed from what the parent brought.</summary>
    public IReadOnlyList<string> SetsStripped { get; init; } = [];

    /// <summary>The sets that the old disk has and the new one has not.</summary>
    public IReadOnlyList<string> SetsLost { get; init; } = [];

    /// <summary>The error id of what failed last; empty when nothing did.</summary>
    public string ErrorId { get; init; } = string.Empty;

    /// <summary>What failed last, in one sentence.</summary>
    public string Error { get; init; } = string.Empty;
}
