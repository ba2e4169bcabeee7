namespace VmUpdate.Core.Broker;

/// <summary>What a guest is in the midst of, so that it is not disturbed.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt.</param>
public sealed record BusyRun(Guid RunId, int Attempt);
