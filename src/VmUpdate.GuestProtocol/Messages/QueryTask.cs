using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: how does a run stand? Answered by a <see cref="TaskReport"/>, or by a <see cref="Reply"/> when the guest knows nothing of it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Its attempt, from 1.</param>
public sealed record QueryTask(Guid RunId, int Attempt) : GuestMessage
{
    internal const string TypeName = "queryTask";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static QueryTask Read(FieldReader fields) => new(fields.Id("runId"), fields.Number("attempt", 1, int.MaxValue));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("runId", RunId);
        json.WriteNumber("attempt", Attempt);
    }
}
