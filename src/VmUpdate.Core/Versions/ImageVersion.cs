namespace VmUpdate.Core.Versions;

/// <summary>A version of a pool's master image.</summary>
public sealed record ImageVersion
{
    /// <summary>The pool.</summary>
    public required string Pool { get; init; }

    /// <summary>Its number: 1 for the master that the pool had first.</summary>
    public required int Number { get; init; }

    /// <summary>The master's file.</summary>
    public required string Path { get; init; }

    /// <summary>The file's DataWriteGuid when it was made; <see cref="Guid.Empty"/> when it was not made here.</summary>
    public Guid DataWriteGuid { get; init; }

    /// <summary>When it was made, in UTC; for a master that was not made here, when it was first recorded.</summary>
    public DateTime Created { get; init; }

    /// <summary>The number of the version that it was made from; <see langword="null"/> when it was not made here.</summary>
    public int? FromNumber { get; init; }

    /// <summary>The task that was performed in it; empty when it was not made here.</summary>
    public string TaskName { get; init; } = string.Empty;

    /// <summary>The task's run, for <c>Get-VmUpdateRun</c>.</summary>
    public Guid? RunId { get; init; }

    /// <summary>How that ended, in one sentence.</summary>
    public string Result { get; init; } = string.Empty;

    /// <summary>What it leaks.</summary>
    public IReadOnlyList<VersionFinding> Findings { get; init; } = [];

    /// <summary>What the administrator should know although it went well.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
