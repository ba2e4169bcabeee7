using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: a task to perform. Its payload comes before, in <see cref="PayloadPart"/> messages. Safe to repeat: a guest that has this run and attempt only reports on it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt, from 1.</param>
/// <param name="Name">The task, for people.</param>
/// <param name="Kind">What it does: the name of a kind of task.</param>
/// <param name="Instructor">Whose update agent performs it.</param>
/// <param name="PayloadKind">What the payload is: <c>Command</c>, <c>Script</c> or <c>Context</c>.</param>
/// <param name="FileName">The script's file name; empty for the others.</param>
/// <param name="PayloadLength">The payload's length, in bytes.</param>
/// <param name="PayloadHash">Its SHA-256, in hexadecimal digits.</param>
/// <param name="MayRestart">Whether the agent may restart the guest.</param>
/// <param name="TimeoutSeconds">How long the agent may take; 0: as long as it needs.</param>
public sealed record StartTask(Guid RunId, int Attempt, string Name, string Kind, string Instructor, string PayloadKind, string FileName, int PayloadLength, string PayloadHash, bool MayRestart, int TimeoutSeconds) : GuestMessage
{
    internal const string TypeName = "startTask";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static StartTask Read(FieldReader fields) => new(
        fields.Id("runId"),
        fields.Number("attempt", 1, int.MaxValue),
        fields.Text("name"),
        fields.Name("kind"),
        fields.Name("instructor"),
        fields.Name("payloadKind"),
        fields.OptionalText("fileName") ?? string.Empty,
        fields.Number("payloadLength", 0, ProtocolLimits.MaxPayloadLength),
        fields.Text("payloadHash", 64),
        fields.Flag("mayRestart"),
        fields.OptionalNumber("timeoutSeconds", 0, int.MaxValue) ?? 0);

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("runId", RunId);
        json.WriteNumber("attempt", Attempt);
        json.WriteString("name", Name);
        json.WriteString("kind", Kind);
        json.WriteString("instructor", Instructor);
        json.WriteString("payloadKind", PayloadKind);
        json.WriteString("fileName", FileName);
        json.WriteNumber("payloadLength", PayloadLength);
        json.WriteString("payloadHash", PayloadHash);
        json.WriteBoolean("mayRestart", MayRestart);
        json.WriteNumber("timeoutSeconds", TimeoutSeconds);
    }
}
