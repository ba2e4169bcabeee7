namespace VmUpdate.Core.Images;

/// <summary>What putting the guest agent into an image did, or would do.</summary>
/// <param name="Folder">The agent's folder in the image.</param>
/// <param name="Files">The names of its files.</param>
/// <param name="WasInstalled">Whether the image had the agent before; its files are replaced then.</param>
/// <param name="Warnings">What may keep the agent from running there, a sentence each.</param>
public sealed record AgentInstallResult(string Folder, IReadOnlyList<string> Files, bool WasInstalled, IReadOnlyList<string> Warnings);
