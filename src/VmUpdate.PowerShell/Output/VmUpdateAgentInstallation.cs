using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>An image into which the guest agent was put.</summary>
public sealed class VmUpdateAgentInstallation
{
    internal VmUpdateAgentInstallation(AgentInstallResult result, string path, string destination)
    {
        Destination = destination;
        Path = path;
        Folder = result.Folder;
        FileCount = result.Files.Count;
        Service = AgentInstaller.ServiceName;
        WasInstalled = result.WasInstalled;
        Warnings = result.Warnings;
    }

    /// <summary>The new image.</summary>
    public string Destination { get; }

    /// <summary>The image that it was made from.</summary>
    public string Path { get; }

    /// <summary>The agent's folder in it.</summary>
    public string Folder { get; }

    /// <summary>How many files the agent has there.</summary>
    public int FileCount { get; }

    /// <summary>The name of its service.</summary>
    public string Service { get; }

    /// <summary>Whether the old image had the agent already, whose files were replaced.</summary>
    public bool WasInstalled { get; }

    /// <summary>What may keep the agent from running there.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <inheritdoc/>
    public override string ToString() => Destination;
}
