namespace VmUpdate.Core.Tasks;

/// <summary>What a task hands to the update agent.</summary>
public enum PayloadKind
{
    /// <summary>Bytes that only the update agent understands; they reach it as they are.</summary>
    Context,

    /// <summary>A command line, in UTF-8.</summary>
    Command,

    /// <summary>A script's file, as it was at registration.</summary>
    Script,
}
