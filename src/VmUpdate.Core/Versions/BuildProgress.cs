namespace VmUpdate.Core.Versions;

/// <summary>How far the building of a version is.</summary>
/// <param name="Number">The version's number.</param>
/// <param name="State">The step.</param>
/// <param name="Detail">What happens in it, or what it waits for, with the numbers; may be empty.</param>
/// <param name="Percent">How far the guest says it is, 0 to 100; <see langword="null"/> when it does not say.</param>
public sealed record BuildProgress(int Number, BuildState State, string Detail, int? Percent);
