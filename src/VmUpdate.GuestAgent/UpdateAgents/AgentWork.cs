using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>A task as an update agent gets it.</summary>
/// <param name="Task">The host's order.</param>
/// <param name="Folder">A folder for its files, which only the system's administrator may enter.</param>
/// <param name="PayloadPath">The payload's file.</param>
/// <param name="Restarts">How often the machine was restarted for this run; more than 0: the agent was called before.</param>
/// <param name="Report">Says how it stands: state, percent if known, a sentence.</param>
internal sealed record AgentWork(StartTask Task, string Folder, string PayloadPath, int Restarts, Action<RunStatus, int?, string> Report)
{
    /// <summary>Reads the payload. Its hash is checked again: it was on disk meanwhile.</summary>
    /// <returns>The bytes.</returns>
    /// <exception cref="IOException">They cannot be read, or are not those that the host sent.</exception>
    public byte[] ReadPayload()
    {
        byte[] bytes = SafeFile.Read(PayloadPath, GuestProtocol.ProtocolLimits.MaxPayloadLength);
        return bytes.Length == Task.PayloadLength
            && string.Equals(GuestProtocol.PayloadAssembler.HashOf(bytes), Task.PayloadHash, StringComparison.OrdinalIgnoreCase)
                ? bytes
                : throw new IOException("the payload is not what the host sent any more");
    }
}
