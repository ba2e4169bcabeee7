namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>How an update agent ended.</summary>
/// <param name="End">What it came to.</param>
/// <param name="Message">A sentence for people.</param>
internal sealed record AgentOutcome(AgentEnd End, string Message);
