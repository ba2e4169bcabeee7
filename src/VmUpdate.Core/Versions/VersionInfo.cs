namespace VmUpdate.Core.Versions;

/// <summary>A version, and what is true of it now.</summary>
/// <param name="Version">The version.</param>
/// <param name="IsCurrent">Whether the pool's machines are to be on it.</param>
/// <param name="Exists">Whether its file is there.</param>
/// <param name="UsedBy">The pool's machines that are on it, by name.</param>
public sealed record VersionInfo(ImageVersion Version, bool IsCurrent, bool Exists, IReadOnlyList<string> UsedBy);
