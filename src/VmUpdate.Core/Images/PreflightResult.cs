using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Images;

/// <summary>What would happen to one machine, found without changing anything.</summary>
public sealed record PreflightResult
{
    /// <summary>The machine's name.</summary>
    public required string VMName { get; init; }

    /// <summary>The machine's id; empty when no machine has the name.</summary>
    public required Guid VMId { get; init; }

    /// <summary>The machine's key.</summary>
    public required VmKey Key { get; init; }

    /// <summary>The pool it is in; empty when it is in none.</summary>
    public string Pool { get; init; } = string.Empty;

    /// <summary>The gravest of the findings.</summary>
    public required PreflightVerdict Verdict { get; init; }

    /// <summary>The gravest finding's reason; empty when it is ready.</summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>The gravest finding's remedy; empty when it is ready.</summary>
    public string Remedy { get; init; } = string.Empty;

    /// <summary>All that was found.</summary>
    public required IReadOnlyList<PreflightFinding> Findings { get; init; }

    /// <summary>Whether the machine is on that master already, so that nothing would be done.</summary>
    public bool IsCurrent { get; init; }

    /// <summary>The image it is on; empty when that is not known.</summary>
    public string From { get; init; } = string.Empty;

    /// <summary>The image it would be on.</summary>
    public string To { get; init; } = string.Empty;

    /// <summary>The disk it is on; empty when that cannot be told.</summary>
    public string DiskPath { get; init; } = string.Empty;

    /// <summary>The disk it would be on, the swap's eight digits left open.</summary>
    public string NewDiskPath { get; init; } = string.Empty;

    /// <summary>The sets that would be carried. Empty with <see cref="CheckedWhenStopped"/>: the disk of a running machine is not read.</summary>
    public IReadOnlyList<string> Carried { get; init; } = [];

    /// <summary>The sets that would be removed from what the master brings.</summary>
    public IReadOnlyList<string> Stripped { get; init; } = [];

    /// <summary>The sets that the old disk has and the new one would not have.</summary>
    public IReadOnlyList<string> NotCarried { get; init; } = [];

    /// <summary>Every set's decision with its reason; <see langword="null"/> when the old disk was not read.</summary>
    public IdentityPlan? Plan { get; init; }

    /// <summary>Whether the machine holds its disk, so that what is on it is checked when it has been stopped.</summary>
    public bool CheckedWhenStopped { get; init; }

    /// <summary>What would be done, in order, in words.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];
}
