using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: log a session off.</summary>
/// <param name="SessionId">The session.</param>
public sealed record LogOffSession(int SessionId) : GuestMessage
{
    internal const string TypeName = "logOffSession";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static LogOffSession Read(FieldReader fields) => new(fields.Number("sessionId", int.MinValue, int.MaxValue));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteNumber("sessionId", SessionId);
    }
}
