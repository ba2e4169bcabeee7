using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Guest to host: how a run stands.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Status">The number of RDV_TASK_STATUS; what is no such number is the sender's fault, and passed on.</param>
/// <param name="Percent">How far it is, from 0 to 100.</param>
/// <param name="NeedsRestart">Whether a restart of the guest is still needed.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record TaskReport(Guid RunId, int Attempt, int Status, int? Percent, bool NeedsRestart, string Message) : GuestMessage
{
    internal const string TypeName = "taskReport";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static TaskReport Read(FieldReader fields) => new(
        fields.Id("runId"),
        fields.Number("attempt", 1, int.MaxValue),
        fields.Number("status", int.MinValue, int.MaxValue),
        fields.OptionalNumber("percent", 0, 100),
        fields.Flag("needsRestart"),
        fields.OptionalText("message", ProtocolLimits.MaxTextLength) ?? string.Empty);

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("runId", RunId);
        json.WriteNumber("attempt", Attempt);
        json.WriteNumber("status", Status);
        if (Percent is { } percent)
        {
            json.WriteNumber("percent", percent);
        }

        json.WriteBoolean("needsRestart", NeedsRestart);
        json.WriteString("message", Message);
    }
}
