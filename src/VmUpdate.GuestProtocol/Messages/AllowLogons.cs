using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>Host to guest: take or refuse new logons.</summary>
/// <param name="IsAllowed">Whether users may log on.</param>
public sealed record AllowLogons(bool IsAllowed) : GuestMessage
{
    internal const string TypeName = "allowLogons";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static AllowLogons Read(FieldReader fields) => new(fields.Flag("isAllowed"));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteBoolean("isAllowed", IsAllowed);
    }
}
