using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Guest to host: an update agent wants its machine updated. It asks for its own machine alone; the channel says which that is. Answered by a <see cref="Reply"/>.</summary>
/// <param name="Id">The request. Safe to repeat: the same one is accepted once.</param>
/// <param name="Name">The task, for people.</param>
/// <param name="Kind">The name of a kind of task.</param>
/// <param name="Instructor">The instructor.</param>
/// <param name="IsUrgent">Whether it wants the urgent lane.</param>
/// <param name="StartTime">The earliest start, UTC.</param>
/// <param name="EndTime">The latest start, UTC.</param>
/// <param name="Due">When it should have been done, UTC; orders only.</param>
/// <param name="PayloadKind">What the payload is: <c>Command</c>, <c>Script</c> or <c>Context</c>.</param>
/// <param name="FileName">The script's file name; empty for the others.</param>
/// <param name="PayloadLength">The payload's length, in bytes; its parts come before.</param>
/// <param name="PayloadHash">Its SHA-256, in hexadecimal digits.</param>
public sealed record UpdateRequest(Guid Id, string Name, string Kind, string Instructor, bool IsUrgent, DateTime? StartTime, DateTime? EndTime, DateTime? Due, string PayloadKind, string FileName, int PayloadLength, string PayloadHash) : GuestMessage
{
    internal const string TypeName = "updateRequest";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static UpdateRequest Read(FieldReader fields) => new(
        fields.Id("id"),
        fields.Text("name"),
        fields.Name("kind"),
        fields.Name("instructor"),
        fields.Flag("isUrgent"),
        fields.OptionalTime("startTime"),
        fields.OptionalTime("endTime"),
        fields.OptionalTime("due"),
        fields.Name("payloadKind"),
        fields.OptionalText("fileName") ?? string.Empty,
        fields.Number("payloadLength", 0, ProtocolLimits.MaxPayloadLength),
        fields.Text("payloadHash", 64));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("id", Id);
        json.WriteString("name", Name);
        json.WriteString("kind", Kind);
        json.WriteString("instructor", Instructor);
        json.WriteBoolean("isUrgent", IsUrgent);
        MessageCodec.WriteTime(json, "startTime", StartTime);
        MessageCodec.WriteTime(json, "endTime", EndTime);
        MessageCodec.WriteTime(json, "due", Due);
        json.WriteString("payloadKind", PayloadKind);
        json.WriteString("fileName", FileName);
        json.WriteNumber("payloadLength", PayloadLength);
        json.WriteString("payloadHash", PayloadHash);
    }
}
