namespace VmUpdate.Core.Images;

/// <summary>What a pooled machine is on.</summary>
public sealed record PooledVmImage
{
    /// <summary>The machine's name.</summary>
    public required string VMName { get; init; }

    /// <summary>The machine's id.</summary>
    public required Guid VMId { get; init; }

    /// <summary>The pool it is in.</summary>
    public required string Pool { get; init; }

    /// <summary>The number of its disk; 0 while it has not been swapped.</summary>
    public required int Revision { get; init; }

    /// <summary>The image that its disk is a child of; empty when that is not known.</summary>
    public required string Master { get; init; }

    /// <summary>Its disk.</summary>
    public required string DiskPath { get; init; }

    /// <summary>The disk it had before, while that is kept; empty when there is none.</summary>
    public required string PreviousDiskPath { get; init; }

    /// <summary>Until when that is kept, in UTC.</summary>
    public required DateTime? KeptUntil { get; init; }

    /// <summary>The step at which its swap stands; empty when none is open.</summary>
    public required string OpenSwap { get; init; }

    /// <summary>Whether its disk's parent is the pool's master.</summary>
    public required bool IsCurrent { get; init; }
}
