using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestProtocol.Messages;

/// <summary>A part of a payload: before the <see cref="StartTask"/> or <see cref="UpdateRequest"/> that it belongs to. Parts come in order, without gaps; the first, at 0, begins anew.</summary>
/// <param name="Of">The run or the request that it belongs to.</param>
/// <param name="Offset">Where the part begins, in bytes.</param>
/// <param name="Data">The bytes, at most 32 KiB.</param>
public sealed record PayloadPart(Guid Of, int Offset, byte[] Data) : GuestMessage
{
    internal const string TypeName = "payloadPart";

    /// <inheritdoc/>
    public override string Type => TypeName;

    internal static PayloadPart Read(FieldReader fields) => new(
        fields.Id("of"),
        fields.Number("offset", 0, ProtocolLimits.MaxPayloadLength),
        fields.Bytes("data", ProtocolLimits.MaxPartLength));

    /// <inheritdoc/>
    internal override void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("of", Of);
        json.WriteNumber("offset", Offset);
        json.WriteString("data", Convert.ToBase64String(Data));
    }
}
