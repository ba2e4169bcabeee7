namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>What an update agent's work came to.</summary>
internal enum AgentEnd
{
    /// <summary>Done.</summary>
    Done,

    /// <summary>Done, and the machine must be restarted for it to take effect.</summary>
    DoneButRestart,

    /// <summary>The machine must be restarted, and the agent be called again.</summary>
    GoesOnAfterRestart,

    /// <summary>It did not work.</summary>
    Failed,
}
