using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>How a master is cleaned.</summary>
public sealed class MasterCleanerOptions
{
    /// <summary>Where host files come from.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Ids of the new file: each call gives a new one.</summary>
    public required Func<Guid> NewGuid { get; init; }

    /// <summary>The time, in UTC.</summary>
    public required Func<DateTime> UtcNow { get; init; }

    /// <summary>Folders outside the master's own volume or share from which its parents may come.</summary>
    public IReadOnlyList<string> AllowedParentFolders { get; init; } = [];

    /// <summary>Sets that are left where they are, by id.</summary>
    public IReadOnlyCollection<string> LeaveOut { get; init; } = [];
}
