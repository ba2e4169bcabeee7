using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: show a text in a session.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="Text">The text, at most 4,096 characters.</param>
public sealed record ShowMessage(int SessionId, string Text) : GuestMessage
{
    internal const string TypeName = "showMessage";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static ShowMessage Read(FieldReader fields) => new(fields.Number("sessionId", int.MinValue, int.MaxValue), fields.Text("text", ProtocolLimits.MaxTextLength));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteNumber("sessionId", SessionId);
        json.WriteString("text", Text);
    }
}
