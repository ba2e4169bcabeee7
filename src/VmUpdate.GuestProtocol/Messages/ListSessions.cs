using System.Text.Json;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: who is logged on? Answered by a <see cref="SessionList"/>.</summary>
public sealed record ListSessions : GuestMessage
{
    internal const string TypeName = "listSessions";

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
    }
}
