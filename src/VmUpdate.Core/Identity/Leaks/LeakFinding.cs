namespace VmUpdate.Core.Identity.Leaks;

/// <summary>One thing that is wrong with one disk, or with several together. No secret is in it.</summary>
public sealed class LeakFinding
{
    internal LeakFinding()
    {
    }

    /// <summary>What is wrong.</summary>
    public required LeakKind Kind { get; init; }

    /// <summary>How grave it is.</summary>
    public required Severity Severity { get; init; }

    /// <summary>The set's id in the catalogue.</summary>
    public required string Set { get; init; }

    /// <summary>What the set is, for people.</summary>
    public required string Title { get; init; }

    /// <summary>The items of the set that were found.</summary>
    public required IReadOnlyList<string> Items { get; init; }

    /// <summary>Where they are: keys and values, or paths; on the first of the disks.</summary>
    public required IReadOnlyList<string> Places { get; init; }

    /// <summary>The disks: the one master, or all machines that share it.</summary>
    public required IReadOnlyList<AuditedDisk> Disks { get; init; }

    /// <summary>The master that the machines have it from; <see langword="null"/> when none of those looked at holds it.</summary>
    public AuditedDisk? Source { get; init; }

    /// <summary>What goes wrong by it.</summary>
    public required string Breaks { get; init; }

    /// <summary>What to do.</summary>
    public required string Remedy { get; init; }

    /// <summary>
    /// Sixteen digits, equal for equal things: of a secret only within one scan, so that nobody can try passwords against a report.
    /// </summary>
    public required string Fingerprint { get; init; }

    /// <summary>What is there, where it is no secret; else empty.</summary>
    public required string Value { get; init; }
}
