namespace VmUpdate.Core.Broker;

/// <summary>What a guest may be in the midst of although its run has ended, so that it is not disturbed.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="State">Applying or Rebooting.</param>
public sealed record BusyRun(Guid RunId, int Attempt, RunState State);
