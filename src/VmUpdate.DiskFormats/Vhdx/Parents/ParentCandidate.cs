namespace VmUpdate.DiskFormats.Vhdx.Parents;

/// <summary>A path where a parent may be.</summary>
/// <param name="Source">Who says so: the caller, or a key of the parent locator.</param>
/// <param name="Path">The path.</param>
/// <param name="Refusal">Why it is not to be tried; <see langword="null"/> when it is.</param>
/// <param name="IsForeign">Whether it leads to another computer or a device.</param>
internal sealed record ParentCandidate(string Source, string Path, string? Refusal, bool IsForeign = false);
