using System.Text.Json;

namespace VmUpdate.Core.Identity;

/// <content>How a field is asked for.</content>
internal sealed partial class CatalogueFile
{
    /// <summary>The fields of one JSON object; those that nobody read are errors.</summary>
    private sealed class Fields
    {
        private readonly CatalogueFile _file;
        private readonly LocatedJson _json;
        private readonly HashSet<string> _read = new(StringComparer.Ordinal);

        public Fields(CatalogueFile file, LocatedJson json)
        {
            _file = file;
            _json = json.Kind == JsonValueKind.Object ? json : throw file.Fail(json, "an object in braces is expected here.");
        }

        public void Ignore(string name) => _read.Add(name);

        public LocatedJson Required(string name) => Typed(name, JsonValueKind.String)
            ?? throw _file.Fail(_json, $"the field '{name}' is missing.");

        public string Text(string name) => Required(name).Text;

        public string? OptionalText(string name) => Typed(name, JsonValueKind.String)?.Text;

        public bool Flag(string name, bool otherwise = false)
        {
            _read.Add(name);
            return !_json.Members.TryGetValue(name, out LocatedJson? value) ? otherwise : value.Kind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => throw _file.Fail(value, $"'{name}' must be true or false."),
            };
        }

        public T OneOf<T>(string name, Dictionary<string, T> words) => Word(Required(name), name, words);

        public T? OptionalOneOf<T>(string name, Dictionary<string, T> words)
            where T : struct =>
            Typed(name, JsonValueKind.String) is { } value ? Word(value, name, words) : null;

        public List<LocatedJson> List(string name) => Typed(name, JsonValueKind.Array)?.Elements ?? [];

        public List<string> Texts(string name) => List(name)
            .Select(value => value.Kind == JsonValueKind.String ? value.Text : throw _file.Fail(value, $"'{name}' must hold texts only."))
            .ToList();

        public void RequireAllRead()
        {
            foreach (KeyValuePair<string, LocatedJson> member in _json.Members)
            {
                if (!_read.Contains(member.Key))
                {
                    throw _file.Fail(member.Value, $"the field '{member.Key}' is unknown here.");
                }
            }
        }

        private T Word<T>(LocatedJson value, string name, Dictionary<string, T> words) => words.TryGetValue(value.Text, out T? word)
            ? word
            : throw _file.Fail(value, $"'{value.Text}' is not one of the words for '{name}': {string.Join(", ", words.Keys)}.");

        private LocatedJson? Typed(string name, JsonValueKind kind)
        {
            _read.Add(name);
            return !_json.Members.TryGetValue(name, out LocatedJson? value) ? null
                : value.Kind == kind ? value
                : throw _file.Fail(value, $"'{name}' must be {(kind == JsonValueKind.Array ? "a list" : "a text")}.");
        }
    }
}
