namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>What a payload is, in the protocol's words.</summary>
internal static class PayloadKinds
{
    /// <summary>A command line, in UTF-8.</summary>
    public const string Command = "Command";

    /// <summary>A script's file.</summary>
    public const string Script = "Script";

    /// <summary>Bytes that only the update agent understands.</summary>
    public const string Context = "Context";
}
