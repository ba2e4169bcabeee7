using System.Globalization;
using System.Text.Json;

namespace VmUpdate.GuestProtocol.Framing;

/// <summary>The fields of one message, each checked as it is taken.</summary>
internal readonly struct FieldReader(JsonElement fields)
{
    /// <summary>A text that must be there.</summary>
    public string Text(string name, int maxLength = ProtocolLimits.MaxNameLength) =>
        OptionalText(name, maxLength) ?? throw Missing(name);

    /// <summary>A text.</summary>
    public string? OptionalText(string name, int maxLength = ProtocolLimits.MaxNameLength)
    {
        if (Find(name) is not { } field)
        {
            return null;
        }

        if (field.ValueKind != JsonValueKind.String)
        {
            throw Wrong(name, "a text", field);
        }

        string text;
        try
        {
            text = field.GetString()!;
        }
        catch (InvalidOperationException notUnicode)
        {
            throw new GuestProtocolException(ProtocolDefect.FieldWrong, name, "it holds half of a surrogate pair.", notUnicode);
        }

        return text.Length <= maxLength
            ? text
            : throw new GuestProtocolException(ProtocolDefect.TooLong, name, $"it has {text.Length} characters, and {maxLength} is the most.");
    }

    /// <summary>A name: letters, digits, dot, hyphen, underscore; at least one. It may become part of a file's name.</summary>
    public string Name(string name)
    {
        string text = Text(name);
        return NameRules.IsName(text)
            ? text
            : throw new GuestProtocolException(
                ProtocolDefect.FieldWrong, name, "expected a name of letters, digits, '.', '-' and '_' that begins with a letter or digit.");
    }

    /// <summary>A whole number that must be there.</summary>
    public int Number(string name, int min, int max) => OptionalNumber(name, min, max) ?? throw Missing(name);

    /// <summary>A whole number.</summary>
    public int? OptionalNumber(string name, int min, int max)
    {
        if (Find(name) is not { } field)
        {
            return null;
        }

        return field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out int number) && number >= min && number <= max
            ? number
            : throw Wrong(name, $"a whole number from {min} to {max}", field);
    }

    /// <summary>Yes or no; no when it is not there.</summary>
    public bool Flag(string name) => Find(name) is { } field
        && (field.ValueKind == JsonValueKind.True || (field.ValueKind != JsonValueKind.False ? throw Wrong(name, "true or false", field) : false));

    /// <summary>An id that must be there, in the 32 digits with hyphens.</summary>
    public Guid Id(string name) => OptionalId(name) ?? throw Missing(name);

    /// <summary>An id.</summary>
    public Guid? OptionalId(string name)
    {
        if (Find(name) is not { } field)
        {
            return null;
        }

        return field.ValueKind == JsonValueKind.String && Guid.TryParseExact(OptionalText(name), "D", out Guid id)
            ? id
            : throw Wrong(name, "an id of 32 digits with hyphens", field);
    }

    /// <summary>A time, UTC, ISO 8601 with a <c>Z</c>.</summary>
    public DateTime? OptionalTime(string name)
    {
        if (OptionalText(name, 40) is not { } text)
        {
            return null;
        }

        return text.EndsWith("Z", StringComparison.Ordinal)
            && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time)
            && time.Kind == DateTimeKind.Utc
                ? time
                : throw new GuestProtocolException(ProtocolDefect.FieldWrong, name, "expected a time like 2026-01-31T23:59:59Z.");
    }

    /// <summary>Bytes in base64 that must be there.</summary>
    public byte[] Bytes(string name, int maxLength)
    {
        string text = Text(name, ((maxLength + 2) / 3 * 4) + 4);
        try
        {
            byte[] bytes = Convert.FromBase64String(text);
            return bytes.Length <= maxLength
                ? bytes
                : throw new GuestProtocolException(ProtocolDefect.TooLong, name, $"it has {bytes.Length} bytes, and {maxLength} is the most.");
        }
        catch (FormatException notBase64)
        {
            throw new GuestProtocolException(ProtocolDefect.FieldWrong, name, "expected base64.", notBase64);
        }
    }

    /// <summary>A list; empty when it is not there.</summary>
    public IReadOnlyList<T> List<T>(string name, Func<FieldReader, T> read)
    {
        if (Find(name) is not { } field)
        {
            return [];
        }

        if (field.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, "a list", field);
        }

        if (field.GetArrayLength() > ProtocolLimits.MaxListLength)
        {
            throw new GuestProtocolException(
                ProtocolDefect.TooLong, name, $"it has {field.GetArrayLength()} entries, and {ProtocolLimits.MaxListLength} is the most.");
        }

        var list = new List<T>(field.GetArrayLength());
        foreach (JsonElement entry in field.EnumerateArray())
        {
            list.Add(entry.ValueKind == JsonValueKind.Object ? read(new FieldReader(entry)) : throw Wrong(name, "a list of objects", entry));
        }

        return list;
    }

    private static GuestProtocolException Missing(string name) =>
        new(ProtocolDefect.FieldMissing, name, "the message needs it, and it is not there.");

    private static GuestProtocolException Wrong(string name, string expected, JsonElement found) =>
        new(ProtocolDefect.FieldWrong, name, $"expected {expected}, found {found.ValueKind}.");

    private JsonElement? Find(string name) =>
        fields.TryGetProperty(name, out JsonElement field) && field.ValueKind != JsonValueKind.Null ? field : null;
}
