using System.Globalization;
using System.Text.Json;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>Reads one catalogue file: one set, each field checked, so that a slip of the pen is an error and not a lost identity.</summary>
internal sealed class CatalogueFile
{
    private static readonly Dictionary<string, OldVerb> OldVerbs = new(StringComparer.Ordinal)
    {
        ["carry"] = OldVerb.Carry, ["leave"] = OldVerb.Leave, ["ask"] = OldVerb.Ask, ["never"] = OldVerb.Never,
    };

    private static readonly Dictionary<string, MasterVerb> MasterVerbs = new(StringComparer.Ordinal)
    {
        ["keep"] = MasterVerb.Keep, ["strip"] = MasterVerb.Strip,
    };

    private static readonly Dictionary<string, IdentityItemKind> Kinds = new(StringComparer.Ordinal)
    {
        ["registry-value"] = IdentityItemKind.RegistryValue,
        ["registry-key"] = IdentityItemKind.RegistryKey,
        ["class-name"] = IdentityItemKind.ClassName,
        ["file"] = IdentityItemKind.File,
        ["folder"] = IdentityItemKind.Folder,
        ["name-suffix"] = IdentityItemKind.NameSuffix,
        ["lsa-secret"] = IdentityItemKind.LsaSecret,
        ["dpapi-master-keys"] = IdentityItemKind.DpapiMasterKeys,
    };

    private static readonly Dictionary<string, HiveName> Hives = new(StringComparer.Ordinal)
    {
        ["SYSTEM"] = HiveName.System,
        ["SOFTWARE"] = HiveName.Software,
        ["SECURITY"] = HiveName.Security,
        ["SAM"] = HiveName.Sam,
        ["DEFAULT"] = HiveName.Default,
    };

    private static readonly Dictionary<string, Certainty> Certainties = new(StringComparer.Ordinal)
    {
        ["R"] = Certainty.Read, ["E"] = Certainty.Excerpt, ["I"] = Certainty.Inferred,
    };

    private static readonly Dictionary<string, PreconditionKind> Preconditions = new(StringComparer.Ordinal)
    {
        ["key-on-both-or-neither"] = PreconditionKind.KeyOnBothOrNeither, ["same-machine-sid"] = PreconditionKind.SameMachineSid,
    };

    private static readonly Dictionary<string, DpapiMode> DpapiModes = new(StringComparer.Ordinal)
    {
        ["rewrap"] = DpapiMode.Rewrap, ["replace"] = DpapiMode.Replace,
    };

    private readonly string _fileName;

    private CatalogueFile(string fileName) => _fileName = fileName;

    /// <exception cref="IdentityException">The file is not valid: file, line and reason.</exception>
    public static IdentitySet Read(string fileName, ReadOnlySpan<byte> json)
    {
        try
        {
            return new CatalogueFile(fileName).ReadSet(LocatedJson.Parse(json));
        }
        catch (JsonException failure)
        {
            throw Invalid(fileName, (int)(failure.LineNumber ?? 0) + 1, "it is not valid JSON: " + FirstSentence(failure.Message), failure);
        }
    }

    public static IdentityException Invalid(string fileName, int line, string reason, Exception? inner = null) => new(
        IdentityFailure.CatalogueInvalid, fileName, reason, $"line {line.ToString(CultureInfo.InvariantCulture)}", inner);

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message.Substring(0, end);
    }

    private IdentitySet ReadSet(LocatedJson json)
    {
        var fields = new Fields(this, json);
        fields.Ignore("$schema");
        string id = fields.Text("set");
        if (id.Length == 0 || id.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')))
        {
            throw Fail(json.Members["set"], $"'{id}' is not a set's id: small letters, digits and hyphens.");
        }

        OldVerb old = fields.OneOf("old", OldVerbs);
        MasterVerb master = fields.OneOf("master", MasterVerbs);
        var set = new IdentitySet
        {
            Id = id,
            Title = fields.Text("title"),
            Reason = fields.Text("reason"),
            Old = old,
            Master = master,
            IsEnabled = fields.Flag("enabled", otherwise: true),
            IsEssential = fields.Flag("essential"),
            Rotates = fields.Flag("rotates"),
            IsOnlyWhenNeeded = fields.Flag("onlyWhenNeeded"),
            IsUserData = fields.Flag("userData"),
            Certainty = fields.OneOf("certainty", Certainties),
            Source = fields.Text("source"),
            DependsOn = fields.Texts("dependsOn"),
            ConflictsWith = fields.Texts("conflictsWith"),
            Exclude = fields.List("exclude").Select(ReadPattern).ToList(),
            Preconditions = fields.List("preconditions").Select(ReadPrecondition).ToList(),
            Items = fields.List("items").Select(item => ReadItem(item, old, master)).ToList(),
        };
        fields.RequireAllRead();
        return set.Items.Count == 0 ? throw Fail(json, "the set has no items.") : set;
    }

    private IdentityItem ReadItem(LocatedJson json, OldVerb old, MasterVerb master)
    {
        var fields = new Fields(this, json);
        IdentityItemKind kind = fields.OneOf("kind", Kinds);
        bool isFile = kind is IdentityItemKind.File or IdentityItemKind.Folder;
        bool hasValue = kind is IdentityItemKind.RegistryValue or IdentityItemKind.NameSuffix;
        GuestPattern path = isFile || kind == IdentityItemKind.NameSuffix ? ReadPattern(fields.Required("path"))
            : kind == IdentityItemKind.DpapiMasterKeys ? MasterKeyStore.Pattern : GuestPattern.Nothing;
        bool isSealed = kind is IdentityItemKind.LsaSecret or IdentityItemKind.DpapiMasterKeys;
        bool hasKey = !isFile && !isSealed;
        HiveName hive = hasKey ? fields.OneOf("hive", Hives) : HiveName.Security;
        string key = hasKey ? ReadKey(fields.Required("key"), kind)
            : kind == IdentityItemKind.LsaSecret ? LsaSecretTransfer.KeyOf(ReadSecretName(fields.Required("name")))
            : string.Empty;
        string value = hasValue ? fields.Text("value") : string.Empty;
        var item = new IdentityItem
        {
            Kind = kind,
            Hive = hive,
            Key = key,
            Value = value,
            Path = path,
            Name = fields.OptionalText("name") ?? (hasValue ? value : isFile || key.Length == 0 ? path.ToString() : key.Substring(key.LastIndexOf('\\') + 1)),
            Old = fields.OptionalOneOf("old", OldVerbs) ?? old,
            Master = fields.OptionalOneOf("master", MasterVerbs) ?? master,
            IsRequired = fields.Flag("required"),
            OnlyWherePresent = fields.Flag("onlyWherePresent"),
            IsSecret = fields.Flag("secret") || isSealed,
            IsBeside = fields.Flag("beside") || kind == IdentityItemKind.DpapiMasterKeys,
            Dpapi = fields.OptionalOneOf("dpapiMode", DpapiModes),
            IsShown = fields.Flag("shown"),
            With = fields.OptionalText("with") ?? string.Empty,
        };
        if (item.IsSecret && item.IsShown)
        {
            throw Fail(json, "an item cannot be both 'secret' and 'shown'.");
        }

        fields.RequireAllRead();
        return item;
    }

    private Precondition ReadPrecondition(LocatedJson json)
    {
        var fields = new Fields(this, json);
        PreconditionKind kind = fields.OneOf("kind", Preconditions);
        bool hasKey = kind == PreconditionKind.KeyOnBothOrNeither;
        var precondition = new Precondition(
            kind,
            hasKey ? fields.OneOf("hive", Hives) : default,
            hasKey ? fields.Text("key") : string.Empty,
            fields.Text("otherwise"),
            fields.Flag("unlessAsked"));
        fields.RequireAllRead();
        return precondition;
    }

    private string ReadKey(LocatedJson json, IdentityItemKind kind)
    {
        string[] parts = json.Text.Split('\\');
        if (parts.Any(part => part.Length == 0))
        {
            throw Fail(json, $"'{json.Text}' is not the path of a key: names between single backslashes.");
        }

        return kind == IdentityItemKind.NameSuffix && json.Text.IndexOfAny(['*', '?']) >= 0
            ? throw Fail(json, "the key of a name-suffix names one key and can be no pattern.")
            : json.Text;
    }

    private string ReadSecretName(LocatedJson json) => json.Text.Length > 0 && json.Text.IndexOfAny(['\\', '*', '?']) < 0
        ? json.Text
        : throw Fail(json, $"'{json.Text}' is not the name of an LSA secret: one name, no pattern.");

    private GuestPattern ReadPattern(LocatedJson json)
    {
        try
        {
            return GuestPattern.Parse(json.Text);
        }
        catch (ArgumentException failure)
        {
            throw Invalid(_fileName, json.Line, failure.Message, failure);
        }
    }

    private IdentityException Fail(LocatedJson at, string reason) => Invalid(_fileName, at.Line, reason);

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
