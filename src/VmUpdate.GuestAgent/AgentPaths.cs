namespace VmUpdate.GuestAgent;

/// <summary>Where the agent's things are. Each can be given on the command line.</summary>
/// <param name="Channel">The channel to the host: a device, a unix socket or a named pipe.</param>
/// <param name="LocalApi">Where update agents of this machine reach the agent: a unix socket, or a named pipe's name.</param>
/// <param name="State">The folder of what must outlive a restart.</param>
/// <param name="Registrations">The folder of the update agents that are added by a file.</param>
/// <param name="FirstBoot">What the first start of a generalized master has to do.</param>
internal sealed record AgentPaths(string Channel, string LocalApi, string State, string Registrations, string FirstBoot)
{
    /// <summary>The log.</summary>
    public string Log => Path.Combine(State, "agent.log");

    /// <summary>The folder of the runs.</summary>
    public string Runs => Path.Combine(State, "runs");
}
