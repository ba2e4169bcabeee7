namespace VmUpdate.Core.Store;

/// <summary>A line of a swap's journal.</summary>
/// <param name="State">The step.</param>
/// <param name="Began">When it was begun, in UTC.</param>
/// <param name="Note">What is to be known of it; empty when nothing is.</param>
public sealed record SwapStep(SwapState State, DateTime Began, string Note);
