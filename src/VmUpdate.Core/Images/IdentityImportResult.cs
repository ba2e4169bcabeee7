namespace VmUpdate.Core.Images;

/// <summary>A new disk that an exported identity was put onto.</summary>
public sealed record IdentityImportResult
{
    /// <summary>The machine that it is meant for.</summary>
    public required string VMName { get; init; }

    /// <summary>The machine's id.</summary>
    public required Guid VMId { get; init; }

    /// <summary>The new disk. It is attached to nothing.</summary>
    public required string DiskPath { get; init; }

    /// <summary>The master that it is a child of.</summary>
    public required string MasterPath { get; init; }

    /// <summary>What the machine calls itself on it.</summary>
    public required string ComputerName { get; init; }

    /// <summary>When the identity was taken, in UTC.</summary>
    public required DateTime TakenUtc { get; init; }

    /// <summary>The sets that are on it.</summary>
    public IReadOnlyList<string> SetsCarried { get; init; } = [];

    /// <summary>The sets that the master had and that were removed.</summary>
    public IReadOnlyList<string> SetsStripped { get; init; } = [];

    /// <summary>The sets that the export holds and that are not on it.</summary>
    public IReadOnlyList<string> SetsLost { get; init; } = [];

    /// <summary>What the administrator should know, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
