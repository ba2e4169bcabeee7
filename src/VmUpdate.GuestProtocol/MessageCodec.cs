using System.Globalization;
using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestProtocol;

/// <summary>Messages to lines and back. See README.md beside this file for the protocol, guest-protocol.schema.json for each field.</summary>
public static class MessageCodec
{
    private const string TypeField = "type";
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = ProtocolLimits.MaxDepth };

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message.</param>
    /// <returns>One line in UTF-8, its line feed included.</returns>
    /// <exception cref="GuestProtocolException"><see cref="ProtocolDefect.TooLong"/>: the line would be over <see cref="ProtocolLimits.MaxLineLength"/>.</exception>
    public static byte[] Encode(GuestMessage message)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString(TypeField, message.Type);
            if (message.RequestId.Length > 0)
            {
                json.WriteString("requestId", message.RequestId);
            }

            WriteTime(json, "sent", message.Sent);
            WriteTime(json, "deadline", message.Deadline);
            message.WriteFields(json);
            json.WriteEndObject();
        }

        // Utf8JsonWriter escapes line feeds in texts: the only one is the line's end.
        bytes.WriteByte((byte)'\n');
        return bytes.Length <= ProtocolLimits.MaxLineLength
            ? bytes.ToArray()
            : throw new GuestProtocolException(
                ProtocolDefect.TooLong, message.Type, $"it takes {bytes.Length} bytes, and {ProtocolLimits.MaxLineLength} is the most.");
    }

    /// <summary>Reads a message. Fields that are not known are passed over.</summary>
    /// <param name="line">One line, without its end.</param>
    /// <returns>The message.</returns>
    /// <exception cref="GuestProtocolException">It is none.</exception>
    public static GuestMessage Decode(ReadOnlyMemory<byte> line)
    {
        if (line.Length > ProtocolLimits.MaxLineLength)
        {
            throw new GuestProtocolException(
                ProtocolDefect.TooLong, string.Empty, $"the line has {line.Length} bytes, and {ProtocolLimits.MaxLineLength} is the most.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line, Strict);
        }
        catch (JsonException notJson)
        {
            throw new GuestProtocolException(ProtocolDefect.NotJson, string.Empty, $"the line is no JSON: {notJson.Message}", notJson);
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new GuestProtocolException(
                    ProtocolDefect.NotJson, string.Empty, $"expected an object, found {document.RootElement.ValueKind}.");
            }

            var fields = new FieldReader(document.RootElement);
            return Read(fields) with
            {
                RequestId = fields.OptionalText("requestId", 64) ?? string.Empty,
                Sent = fields.OptionalTime("sent"),
                Deadline = fields.OptionalTime("deadline"),
            };
        }
    }

    internal static void WriteTime(Utf8JsonWriter json, string name, DateTime? time)
    {
        if (time is { } value)
        {
            json.WriteString(name, value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
        }
    }

    private static GuestMessage Read(FieldReader fields) => fields.Text(TypeField, 64) switch
    {
        Hello.TypeName => Hello.Read(fields),
        StartTask.TypeName => StartTask.Read(fields),
        PayloadPart.TypeName => PayloadPart.Read(fields),
        QueryTask.TypeName => QueryTask.Read(fields),
        CancelTask.TypeName => CancelTask.Read(fields),
        TaskReport.TypeName => TaskReport.Read(fields),
        Reply.TypeName => Reply.Read(fields),
        UpdateRequest.TypeName => UpdateRequest.Read(fields),
        RestartGuest.TypeName => new RestartGuest(),
        ShutDownGuest.TypeName => new ShutDownGuest(),
        ListSessions.TypeName => new ListSessions(),
        SessionList.TypeName => SessionList.Read(fields),
        ShowMessage.TypeName => ShowMessage.Read(fields),
        LogOffSession.TypeName => LogOffSession.Read(fields),
        AllowLogons.TypeName => AllowLogons.Read(fields),
        Ping.TypeName => new Ping(),
        string unknown => throw new GuestProtocolException(ProtocolDefect.UnknownType, unknown, "this version does not know such a message.")
        {
            RequestId = fields.OptionalText("requestId", 64) ?? string.Empty,
        },
    };
}
