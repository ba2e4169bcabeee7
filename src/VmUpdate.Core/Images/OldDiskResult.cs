namespace VmUpdate.Core.Images;

/// <summary>An old disk, and what became of it.</summary>
public sealed record OldDiskResult
{
    /// <summary>The name of the machine that had it.</summary>
    public required string VMName { get; init; }

    /// <summary>The id of the machine that had it.</summary>
    public required Guid VMId { get; init; }

    /// <summary>Its number among the machine's disks.</summary>
    public required int Revision { get; init; }

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Until when it is kept, in UTC.</summary>
    public required DateTime KeptUntil { get; init; }

    /// <summary>Whether it may be, or was, removed.</summary>
    public required bool Removable { get; init; }

    /// <summary>Whether it was removed now.</summary>
    public bool Removed { get; init; }

    /// <summary>The id of what stands against its removal; empty when nothing does.</summary>
    public string ErrorId { get; init; } = string.Empty;

    /// <summary>What stands against its removal, in one sentence.</summary>
    public string Error { get; init; } = string.Empty;
}
