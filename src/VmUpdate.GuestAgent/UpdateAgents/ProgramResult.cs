namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">The end of what it printed.</param>
internal sealed record ProgramResult(int ExitCode, string Output)
{
    /// <summary>Done, and the machine must be restarted: the number that installers on Windows return.</summary>
    private const int RestartNeeded = 3010;

    /// <summary>The machine must be restarted, and the program be run again after it.</summary>
    private const int GoesOnAfterRestart = 3011;

    /// <summary>On Linux an exit code has eight bits.</summary>
    private const int EightBits = 0xFF;

    /// <summary>What an update agent's exit code means.</summary>
    /// <returns>The outcome.</returns>
    public AgentOutcome ToOutcome() => ExitCode switch
    {
        0 => new AgentOutcome(AgentEnd.Done, Output),
        RestartNeeded or (RestartNeeded & EightBits) => new AgentOutcome(AgentEnd.DoneButRestart, Output),
        GoesOnAfterRestart or (GoesOnAfterRestart & EightBits) => new AgentOutcome(AgentEnd.GoesOnAfterRestart, Output),
        _ => new AgentOutcome(AgentEnd.Failed, $"it ended with the exit code {ExitCode}" + (Output.Length > 0 ? $": {Output}" : string.Empty)),
    };
}
