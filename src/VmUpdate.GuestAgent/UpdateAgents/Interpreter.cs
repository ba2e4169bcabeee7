namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>What runs a script.</summary>
/// <param name="Words">The program and its arguments before the script's path.</param>
/// <param name="Ending">The ending that it wants the script's file to have, with its dot; or nothing.</param>
internal sealed record Interpreter(IReadOnlyList<string> Words, string Ending = "");
