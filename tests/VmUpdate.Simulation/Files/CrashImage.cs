namespace VmUpdate.Simulation.Files;

/// <summary>What a crash left.</summary>
/// <param name="What">Which of the possible crashes it was, for messages.</param>
/// <param name="Files">The folders and files after it.</param>
public sealed record CrashImage(string What, CrashFileSystem Files);
