using System.Text.Json;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Either end: are you there? Answered by a <see cref="Reply"/>.</summary>
public sealed record Ping : GuestMessage
{
    internal const string TypeName = "ping";

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
    }
}
