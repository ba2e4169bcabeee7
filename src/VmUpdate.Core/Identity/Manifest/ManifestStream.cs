namespace VmUpdate.Core.Identity;

/// <summary>A stream of a carried file.</summary>
/// <param name="Name">Its name; empty for the unnamed one.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="Hash">The hash of its bytes.</param>
public sealed record ManifestStream(string Name, long Length, string Hash);
