using System.Text.Json;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: restart. Answered before the guest goes down.</summary>
public sealed record RestartGuest : GuestMessage
{
    internal const string TypeName = "restartGuest";

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
    }
}
