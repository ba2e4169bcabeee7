namespace VmUpdate.Core.Identity.Leaks;

/// <summary>What a cleaning took, or would take.</summary>
/// <param name="Items">What was taken.</param>
/// <param name="Traces">What other tools that prepare images have left, one sentence each; it was not touched.</param>
public sealed record CleanResult(IReadOnlyList<CleanedItem> Items, IReadOnlyList<string> Traces);
