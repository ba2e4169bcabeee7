using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>The answer to the message of a <see cref="GuestMessage.RequestId"/>.</summary>
/// <param name="To">The request that it answers.</param>
/// <param name="IsDone">Whether what was asked is done.</param>
/// <param name="Code">Why not, in one word of <see cref="ReplyCodes"/>; empty when it is done.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record Reply(string To, bool IsDone, string Code, string Message) : GuestMessage
{
    internal const string TypeName = "reply";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static Reply Read(FieldReader fields) => new(
        fields.Text("to", 64),
        fields.Flag("isDone"),
        fields.OptionalText("code", 64) ?? string.Empty,
        fields.OptionalText("message", ProtocolLimits.MaxTextLength) ?? string.Empty);

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("to", To);
        json.WriteBoolean("isDone", IsDone);
        json.WriteString("code", Code);
        json.WriteString("message", Message);
    }
}
