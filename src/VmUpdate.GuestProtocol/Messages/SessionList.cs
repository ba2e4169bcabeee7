using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Guest to host: who is logged on.</summary>
/// <param name="To">The request that it answers.</param>
/// <param name="Sessions">The sessions.</param>
public sealed record SessionList(string To, IReadOnlyList<GuestSession> Sessions) : GuestMessage
{
    internal const string TypeName = "sessionList";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static SessionList Read(FieldReader fields) => new(
        fields.Text("to", 64),
        fields.List("sessions", entry => new GuestSession(entry.Number("id", int.MinValue, int.MaxValue), entry.Text("userName"), entry.Flag("isActive"))));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("to", To);
        json.WriteStartArray("sessions");
        foreach (GuestSession session in Sessions)
        {
            json.WriteStartObject();
            json.WriteNumber("id", session.Id);
            json.WriteString("userName", session.UserName);
            json.WriteBoolean("isActive", session.IsActive);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
