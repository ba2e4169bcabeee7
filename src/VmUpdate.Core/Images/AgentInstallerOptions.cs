using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Images;

/// <summary>How the guest agent is put into an image.</summary>
public sealed class AgentInstallerOptions
{
    /// <summary>Where host files come from.</summary>
    public required IHostFileSystem Files { get; init; }

    /// <summary>Ids of the new file: each call gives a new one.</summary>
    public required Func<Guid> NewGuid { get; init; }

    /// <summary>The time, in UTC.</summary>
    public required Func<DateTime> UtcNow { get; init; }

    /// <summary>The folder of the agent's files for Windows.</summary>
    public required string AgentFolder { get; init; }

    /// <summary>Folders outside the image's own volume or share from which its parents may come.</summary>
    public IReadOnlyList<string> AllowedParentFolders { get; init; } = [];
}
