namespace VmUpdate.Core.Images;

/// <summary>A file that an identity was exported to.</summary>
public sealed record IdentityExportResult
{
    /// <summary>The machine's name, or the disk's.</summary>
    public required string VMName { get; init; }

    /// <summary>The machine's id; empty when the disk is of no machine that is known.</summary>
    public required Guid VMId { get; init; }

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>The disk that the identity was taken from.</summary>
    public required string Source { get; init; }

    /// <summary>When it was taken, in UTC.</summary>
    public required DateTime TakenUtc { get; init; }

    /// <summary>When the machine's secret in its domain was set, in UTC; <see langword="null"/> when it is not in it.</summary>
    public DateTime? MachineSecretSetUtc { get; init; }

    /// <summary>The sets that are in it.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>The sets that the disk holds and that are not in it.</summary>
    public IReadOnlyList<string> SetsLeftOut { get; init; } = [];
}
