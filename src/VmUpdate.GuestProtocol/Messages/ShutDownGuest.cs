using System.Text.Json;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: shut down cleanly. Answered before the guest goes down.</summary>
public sealed record ShutDownGuest : GuestMessage
{
    internal const string TypeName = "shutDownGuest";

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
    }
}
