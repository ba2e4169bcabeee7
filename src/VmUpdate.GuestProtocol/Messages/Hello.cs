using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Both ends, first on each connection: who speaks, and which versions. One with a request id asks for the other end's. A guest says with it which runs it works on, so that a host that was restarted knows.</summary>
/// <param name="OldestVersion">The oldest version of the protocol that it speaks.</param>
/// <param name="NewestVersion">The newest.</param>
/// <param name="Program">The program and its version, for people.</param>
/// <param name="ComputerName">What the guest calls itself; empty from a host.</param>
/// <param name="Instructors">The instructors that the guest has update agents for.</param>
/// <param name="Runs">The runs that the guest has.</param>
public sealed record Hello(int OldestVersion, int NewestVersion, string Program, string ComputerName, IReadOnlyList<string> Instructors, IReadOnlyList<RunOnGuest> Runs) : GuestMessage
{
    internal const string TypeName = "hello";

    /// <summary>What is wrong in the guest that no run tells, a sentence for people; empty when all is well.</summary>
    public string Notice { get; init; } = string.Empty;

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static Hello Read(FieldReader fields) => new(
        fields.Number("oldestVersion", 1, int.MaxValue),
        fields.Number("newestVersion", 1, int.MaxValue),
        fields.OptionalText("program") ?? string.Empty,
        fields.OptionalText("computerName") ?? string.Empty,
        fields.List("instructors", entry => entry.Name("name")),
        fields.List("runs", entry => new RunOnGuest(entry.Id("runId"), entry.Number("attempt", 1, int.MaxValue))))
    {
        Notice = fields.OptionalText("notice", ProtocolLimits.MaxTextLength) ?? string.Empty,
    };

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteNumber("oldestVersion", OldestVersion);
        json.WriteNumber("newestVersion", NewestVersion);
        json.WriteString("program", Program);
        json.WriteString("computerName", ComputerName);
        if (Notice.Length > 0)
        {
            json.WriteString("notice", Notice);
        }

        json.WriteStartArray("instructors");
        foreach (string instructor in Instructors)
        {
            json.WriteStartObject();
            json.WriteString("name", instructor);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("runs");
        foreach (RunOnGuest run in Runs)
        {
            json.WriteStartObject();
            json.WriteString("runId", run.RunId);
            json.WriteNumber("attempt", run.Attempt);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
