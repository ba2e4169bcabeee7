namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>A program to be run, without a shell.</summary>
/// <param name="Program">Its file, a full path.</param>
/// <param name="Arguments">Its arguments, each as it is to arrive.</param>
/// <param name="Folder">Its working folder.</param>
internal sealed record ProgramCall(string Program, IReadOnlyList<string> Arguments, string Folder)
{
    /// <summary>The user it runs as; empty for the agent's own.</summary>
    public string Account { get; init; } = string.Empty;

    /// <summary>What it reads from its standard input.</summary>
    public byte[] Input { get; init; } = [];

    /// <summary>Environment variables beside the agent's own.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets each line of its standard output; returns whether it was meant for the agent, not for people.</summary>
    public Func<string, bool> OnLine { get; init; } = _ => false;
}
