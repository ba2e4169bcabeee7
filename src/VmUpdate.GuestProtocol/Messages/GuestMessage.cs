using System.Text.Json;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>A message over a guest channel: one line of JSON.</summary>
public abstract record GuestMessage
{
    /// <summary>What the JSON calls it.</summary>
    public abstract string Type { get; }

    /// <summary>What a <see cref="Reply"/> names to answer this message; empty when none is wanted. At most 64 characters.</summary>
    public string RequestId { get; init; } = string.Empty;

    /// <summary>When it was sent, UTC by the clock of the sender; a guest that was asleep does not know the time, the host does.</summary>
    public DateTime? Sent { get; init; }

    /// <summary>From when on nobody waits for an answer, UTC by the host's clock: what is late is not begun.</summary>
    public DateTime? Deadline { get; init; }

    /// <summary>Writes the fields of this message alone.</summary>
    internal abstract void WriteFields(Utf8JsonWriter json);
}
