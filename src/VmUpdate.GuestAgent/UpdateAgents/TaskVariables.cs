using System.Globalization;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>The environment variables that tell a program what it is run for. Part of the contract with update agents; see README.md.</summary>
internal static class TaskVariables
{
    /// <summary>The variables of a task.</summary>
    /// <param name="work">The task.</param>
    /// <param name="payloadPath">The payload's file; empty when the program gets it otherwise.</param>
    /// <returns>Names and values.</returns>
    public static IReadOnlyDictionary<string, string> Of(AgentWork work, string payloadPath) => new Dictionary<string, string>
    {
        ["VMUPDATE_RUN"] = work.Task.RunId.ToString("D"),
        ["VMUPDATE_ATTEMPT"] = work.Task.Attempt.ToString(CultureInfo.InvariantCulture),
        ["VMUPDATE_RESTARTS"] = work.Restarts.ToString(CultureInfo.InvariantCulture),
        ["VMUPDATE_MAY_RESTART"] = work.Task.MayRestart ? "1" : "0",
        ["VMUPDATE_NAME"] = OneLine.Of(work.Task.Name, GuestProtocol.ProtocolLimits.MaxNameLength),
        ["VMUPDATE_KIND"] = work.Task.Kind,
        ["VMUPDATE_INSTRUCTOR"] = work.Task.Instructor,
        ["VMUPDATE_PAYLOAD"] = payloadPath,
        ["VMUPDATE_PAYLOAD_KIND"] = work.Task.PayloadKind,
        ["VMUPDATE_FILE_NAME"] = OneLine.Of(work.Task.FileName, GuestProtocol.ProtocolLimits.MaxNameLength),
    };
}
