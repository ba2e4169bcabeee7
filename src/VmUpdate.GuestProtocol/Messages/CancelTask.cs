using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: give a run up. What cannot be broken off is ended first.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt, from 1.</param>
public sealed record CancelTask(Guid RunId, int Attempt) : GuestMessage
{
    internal const string TypeName = "cancelTask";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static CancelTask Read(FieldReader fields) => new(fields.Id("runId"), fields.Number("attempt", 1, int.MaxValue));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("runId", RunId);
        json.WriteNumber("attempt", Attempt);
    }
}
