namespace VmUpdate.GuestProtocol.Messages;

/// <summary>A run that a guest has.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt, from 1.</param>
public sealed record RunOnGuest(Guid RunId, int Attempt);
