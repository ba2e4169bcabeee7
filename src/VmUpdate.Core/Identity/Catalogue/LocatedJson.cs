using System.Text.Json;

namespace VmUpdate.Core.Identity;

/// <summary>A JSON value that knows its line, so that whoever wrote a bad catalogue file is told where to look.</summary>
internal sealed class LocatedJson
{
    private const int MaxDepth = 16; // the schema needs 4

    private LocatedJson(JsonValueKind kind, int line)
    {
        Kind = kind;
        Line = line;
    }

    public JsonValueKind Kind { get; }

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    public string Text { get; private set; } = string.Empty;

    public Dictionary<string, LocatedJson> Members { get; } = new(StringComparer.Ordinal);

    public List<LocatedJson> Elements { get; } = [];

    /// <exception cref="JsonException">It is no JSON, with <see cref="JsonException.LineNumber"/> from 0; or a name is there twice.</exception>
    public static LocatedJson Parse(ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (utf8.StartsWith(byteOrderMark))
        {
            utf8 = utf8.Slice(byteOrderMark.Length);
        }

        var reader = new Utf8JsonReader(
            utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth });
        reader.Read();
        var lines = new LineCounter();
        LocatedJson root = ReadValue(ref reader, utf8, lines);
        while (reader.Read())
        {
            // Only to be told of text after the value.
        }

        return root;
    }

    private static LocatedJson ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, LineCounter lines)
    {
        int line = lines.At(utf8, reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var parent = new LocatedJson(JsonValueKind.Object, line);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString() ?? string.Empty;
                    int nameLine = lines.At(utf8, reader.TokenStartIndex);
                    reader.Read();
                    if (parent.Members.ContainsKey(name))
                    {
                        throw new JsonException($"'{name}' is there twice.", null, nameLine - 1, null);
                    }

                    parent.Members.Add(name, ReadValue(ref reader, utf8, lines));
                }

                return parent;
            case JsonTokenType.StartArray:
                var list = new LocatedJson(JsonValueKind.Array, line);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Elements.Add(ReadValue(ref reader, utf8, lines));
                }

                return list;
            case JsonTokenType.String:
                return new LocatedJson(JsonValueKind.String, line) { Text = reader.GetString() ?? string.Empty };
            case JsonTokenType.True:
                return new LocatedJson(JsonValueKind.True, line);
            case JsonTokenType.False:
                return new LocatedJson(JsonValueKind.False, line);
            case JsonTokenType.Number:
                return new LocatedJson(JsonValueKind.Number, line);
            default:
                return new LocatedJson(JsonValueKind.Null, line);
        }
    }

    /// <summary>Counts lines on the way: places are only ever asked for in order.</summary>
    private sealed class LineCounter
    {
        private int _line = 1;
        private int _position;

        public int At(ReadOnlySpan<byte> utf8, long index)
        {
            foreach (byte unit in utf8.Slice(_position, (int)index - _position))
            {
                _line += unit == (byte)'\n' ? 1 : 0;
            }

            _position = (int)index;
            return _line;
        }
    }
}
