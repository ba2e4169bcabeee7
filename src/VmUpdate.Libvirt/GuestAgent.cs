using System.Text.Json;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>Words with QEMU's guest agent. A guest is not trusted: its answers are bounded, and of the shape that is expected, or refused.</summary>
/// <remarks>The QEMU Guest Agent Protocol Reference; libvirt's own bound of an answer is 10 MiB, that of its wire 4 MiB.</remarks>
internal static class GuestAgent
{
    private const int LongestAnswer = 4 * 1024 * 1024;

    /// <summary>What came of a question.</summary>
    internal enum Outcome
    {
        Answered,

        /// <summary>The machine has no channel for an agent, or its host no such thing.</summary>
        Unavailable,

        /// <summary>Nobody answered in time.</summary>
        Silent,
    }

    /// <summary>Asks; a guest that does not answer is an answer.</summary>
    /// <param name="domain">The machine.</param>
    /// <param name="command">The command's name.</param>
    /// <param name="arguments">Its arguments, JSON; <see langword="null"/> for none.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <returns>The outcome, and what was returned.</returns>
    /// <exception cref="HypervisorException">The machine does not run, or libvirt failed.</exception>
    /// <exception cref="GuestException"><see cref="GuestFailure.GuestRefused"/>: the agent said no, or nothing sensible.</exception>
    internal static (Outcome Outcome, JsonElement Value) Ask(Domain domain, string command, string? arguments, TimeSpan timeout)
    {
        string text = arguments is null ? $"{{\"execute\":\"{command}\"}}" : $"{{\"execute\":\"{command}\",\"arguments\":{arguments}}}";
        int seconds = (int)Math.Max(1, Math.Min(int.MaxValue, Math.Ceiling(timeout.TotalSeconds)));
        IntPtr answer = VirApi.AskAgent(domain.Handle, Utf8.Of(text), seconds, 0);
        if (answer == IntPtr.Zero)
        {
            return (OfFailure(domain, LibvirtError.Last(), command), default);
        }

        string json = Utf8.Take(answer, LongestAnswer)
            ?? throw Refused(domain.Name, $"its agent answered {command} with more than {LongestAnswer >> 20} MiB.");
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("return", out JsonElement value)
                ? (Outcome.Answered, value.Clone())
                : throw Refused(domain.Name, $"its agent answered {command} with no result.");
        }
        catch (JsonException failure)
        {
            throw Refused(domain.Name, $"its agent answered {command} with something that is no JSON.", failure);
        }
    }

    /// <summary>Asks what must be answered.</summary>
    /// <exception cref="GuestException">Also <see cref="GuestFailure.GuestNotReached"/>.</exception>
    internal static JsonElement Demand(Domain domain, string command, string? arguments, TimeSpan timeout)
    {
        (Outcome outcome, JsonElement value) = Ask(domain, command, arguments, timeout);
        return outcome switch
        {
            Outcome.Answered => value,
            Outcome.Unavailable => throw new GuestException(
                GuestFailure.GuestNotReached, domain.Name, "it has no channel for QEMU's guest agent (org.qemu.guest_agent.0); add one to it."),
            _ => throw new GuestException(
                GuestFailure.GuestNotReached, domain.Name, $"its guest agent did not answer {command} within {timeout.TotalSeconds:0.#} seconds."),
        };
    }

    internal static GuestException Refused(string name, string message, Exception? inner = null) => new(GuestFailure.GuestRefused, name, message, inner);

    private static Outcome OfFailure(Domain domain, LibvirtError error, string command)
    {
        switch (error.Code)
        {
            case LibvirtError.ArgumentUnsupported or LibvirtError.NoSupport:
                return Outcome.Unavailable;
            case LibvirtError.AgentUnresponsive or LibvirtError.OperationTimeout:
                return Outcome.Silent;
            case LibvirtError.Rpc when VirApi.IsAlive(VirApi.GetConnection(domain.Handle)) == 1:
                // libvirtd had an answer that it could not pass on.
                throw Refused(domain.Name, $"its guest agent answered {command} with more than {LongestAnswer >> 20} MiB ({error.Message}).");
        }

        HypervisorException failure = LibvirtErrors.Translate(error, domain.Name, $"asking its guest agent for {command}");
        throw failure.Failure == HypervisorFailure.OperationFailed
            ? Refused(domain.Name, $"its guest agent did not do {command}: {error.Message}.", failure)
            : failure;
    }
}
