namespace VmUpdate.GuestAgent.Commands;

/// <summary>What the program returns. Scripts rely on it; see README.md.</summary>
internal static class ExitCodes
{
    /// <summary>Done; for a request: the host took it.</summary>
    internal const int Done = 0;

    /// <summary>The host, or the agent, refused.</summary>
    internal const int Refused = 1;

    /// <summary>The host did not answer in time. It may still take the request when it is there.</summary>
    internal const int NoAnswer = 2;

    /// <summary>No agent runs on this machine, or it does not let this user in.</summary>
    internal const int NoAgent = 3;

    /// <summary>The agent cannot run: its folder or its channel's name is of no use, or another one runs already.</summary>
    internal const int CannotRun = 4;

    /// <summary>The command line was not understood.</summary>
    internal const int WrongUsage = 64;
}
