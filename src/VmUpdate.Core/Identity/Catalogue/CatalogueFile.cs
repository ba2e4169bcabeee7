using System.Globalization;
using System.Text.Json;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>Reads one catalogue file: one set, each field checked, so that a slip of the pen is an error and not a lost identity.</summary>
internal sealed partial class CatalogueFile
{
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
        Certainty certainty = fields.OneOf("certainty", Certainties);
        string source = fields.Text("source");
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
            Certainty = certainty,
            Source = source,
            DependsOn = fields.Texts("dependsOn"),
            ConflictsWith = fields.Texts("conflictsWith"),
            Exclude = fields.List("exclude").Select(ReadPattern).ToList(),
            Preconditions = fields.List("preconditions").Select(ReadPrecondition).ToList(),
            Refuses = fields.OptionalOneOf("refuses", Refusals) ?? Refusal.None,
            Specialize = fields.OptionalOneOf("specialize", SpecializeRules) ?? SpecializeRule.Survives,
            WhenLost = fields.OptionalText("whenLost") ?? string.Empty,
            Severity = fields.OptionalOneOf("severity", Severities) ?? Severity.Information,
            Breaks = fields.OptionalText("breaks") ?? string.Empty,
            Remedy = fields.OptionalText("remedy") ?? string.Empty,
            LinesOfNames = LinesOfNames(fields),
            Items = fields.List("items").Select(item => ReadItem(item, old, master, certainty, source)).ToList(),
        };
        fields.RequireAllRead();
        RequireWhole(set, json);
        return set;
    }

    private static Dictionary<string, int> LinesOfNames(Fields fields) => fields.List("dependsOn").Concat(fields.List("conflictsWith"))
        .Concat(fields.List("items").Select(item => item.Members.TryGetValue("with", out LocatedJson? with) ? with : null!).Where(with => with is not null))
        .GroupBy(name => name.Text, StringComparer.Ordinal)
        .ToDictionary(names => names.Key, names => names.First().Line, StringComparer.Ordinal);

    private void RequireWhole(IdentitySet set, LocatedJson json)
    {
        if (set.Items.Count == 0)
        {
            throw Fail(json, "the set has no items.");
        }

        bool canLeak = set.Items.Any(item => item.IsLeak || item.IsUnique);
        bool isDescribed = set.Breaks.Length > 0 && set.Remedy.Length > 0 && json.Members.ContainsKey("severity");
        if (canLeak && !isDescribed)
        {
            throw Fail(json, "a set with items that are 'leak' or 'unique' says with 'severity', 'breaks' and 'remedy' what that means.");
        }

        bool canBeTold = set.Items.All(item => item.Kind is IdentityItemKind.RegistryValue or IdentityItemKind.NameSuffix && !item.IsSecret);
        if (set.Specialize == SpecializeRule.FirstBoot && !canBeTold)
        {
            throw Fail(json.Members["specialize"], "only values of the registry that are no secret, and suffixes, can be told to the guest agent.");
        }

        if (set.DependsOn.Intersect(set.ConflictsWith, StringComparer.Ordinal).FirstOrDefault() is { } both)
        {
            throw Fail(json.Members["conflictsWith"], $"the set '{both}' cannot be needed and be in conflict at once.");
        }
    }

    private IdentityItem ReadItem(LocatedJson json, OldVerb old, MasterVerb master, Certainty certainty, string source)
    {
        var fields = new Fields(this, json);
        IdentityItemKind kind = fields.OneOf("kind", Kinds);
        bool isFile = kind is IdentityItemKind.File or IdentityItemKind.Folder;
        bool hasValue = kind is IdentityItemKind.RegistryValue or IdentityItemKind.NameSuffix;
        bool isKey = kind is IdentityItemKind.RegistryKey or IdentityItemKind.Certificate;
        GuestPattern path = isFile || kind == IdentityItemKind.NameSuffix ? ReadPattern(fields.Required("path"))
            : kind == IdentityItemKind.DpapiMasterKeys ? MasterKeyStore.Pattern : GuestPattern.Nothing;
        bool isSealed = kind is IdentityItemKind.LsaSecret or IdentityItemKind.DpapiMasterKeys;
        bool isDetected = kind is IdentityItemKind.MachineSid or IdentityItemKind.StaticAddress;
        bool hasKey = !isFile && !isSealed && !isDetected;
        HiveName hive = hasKey ? fields.OneOf("hive", Hives)
            : kind == IdentityItemKind.MachineSid ? HiveName.Sam
            : kind == IdentityItemKind.StaticAddress ? HiveName.System
            : HiveName.Security;
        string key = hasKey ? ReadKey(fields.Required("key"), kind)
            : kind == IdentityItemKind.LsaSecret ? LsaSecretTransfer.KeyOf(ReadSecretName(fields.Required("name")))
            : kind == IdentityItemKind.MachineSid ? MachineSid.AccountKey
            : kind == IdentityItemKind.StaticAddress ? StaticAddress.InterfacesKey
            : string.Empty;
        string value = hasValue ? fields.Text("value") : kind == IdentityItemKind.MachineSid ? MachineSid.ValueName : string.Empty;
        var item = new IdentityItem
        {
            Kind = kind,
            Hive = hive,
            Key = key,
            Value = value,
            Path = path,
            Name = fields.OptionalText("name") ?? NameOf(kind, key, value, path),
            Old = fields.OptionalOneOf("old", OldVerbs) ?? old,
            Master = fields.OptionalOneOf("master", MasterVerbs) ?? master,
            IsRequired = fields.Flag("required"),
            OnlyWherePresent = fields.Flag("onlyWherePresent"),
            IsSecret = fields.Flag("secret") || isSealed,
            IsBeside = fields.Flag("beside") || kind == IdentityItemKind.DpapiMasterKeys,
            Dpapi = fields.OptionalOneOf("dpapiMode", DpapiModes),
            IsShown = fields.Flag("shown") || isDetected,
            With = fields.OptionalText("with") ?? string.Empty,
            Counts = fields.OptionalOneOf("counts", Counts) ?? ItemCounts.Always,
            Having = isKey || kind == IdentityItemKind.File ? fields.OptionalText("having") ?? string.Empty : string.Empty,
            Issuers = kind == IdentityItemKind.Certificate ? fields.Texts("issuers") : [],
            ExceptIssuers = kind == IdentityItemKind.Certificate ? fields.Texts("exceptIssuers") : [],
            IsLeak = fields.Flag("leak"),
            IsUnique = fields.Flag("unique"),
            Certainty = fields.OptionalOneOf("certainty", Certainties) ?? certainty,
            Source = fields.OptionalText("source") ?? source,
        };
        fields.RequireAllRead();
        RequireSound(item, json);
        return item;
    }

    private void RequireSound(IdentityItem item, LocatedJson json)
    {
        if (item.IsSecret && item.IsShown)
        {
            throw Fail(json, "an item cannot be both 'secret' and 'shown'.");
        }

        if (item.Kind == IdentityItemKind.LsaSecret && item.Old is (OldVerb.Carry or OldVerb.Ask) && item.Key.IndexOfAny(['*', '?']) >= 0)
        {
            throw Fail(json.Members["name"], $"'{json.Members["name"].Text}' is a pattern, and an LSA secret that is carried is one by its name.");
        }

        if (item.Kind == IdentityItemKind.MachineSid && (item.Old is not (OldVerb.Never or OldVerb.Leave) || item.Master != MasterVerb.Keep))
        {
            throw Fail(json, "the machine SID is detected only: 'old' is never or leave, 'master' is keep.");
        }

        if (item.Kind == IdentityItemKind.StaticAddress && (item.Old == OldVerb.Carry || item.Master != MasterVerb.Keep))
        {
            throw Fail(json, "a static address is carried on the administrator's word only: 'old' is not carry, 'master' is keep.");
        }

        bool fits = item.Counts switch
        {
            ItemCounts.SwitchedOn or ItemCounts.CachedLogon => item.Kind == IdentityItemKind.RegistryValue,
            ItemCounts.AnswerFilePassword => item.Kind == IdentityItemKind.File,
            ItemCounts.NotEmpty => item.Kind is IdentityItemKind.RegistryValue or IdentityItemKind.File or IdentityItemKind.LsaSecret,
            _ => true,
        };
        if (!fits)
        {
            throw Fail(json.Members["counts"], "what 'counts' names is not known of an item of this kind.");
        }
    }

    private static string NameOf(IdentityItemKind kind, string key, string value, GuestPattern path) => kind switch
    {
        IdentityItemKind.RegistryValue or IdentityItemKind.NameSuffix => value,
        IdentityItemKind.File or IdentityItemKind.Folder => path.ToString(),
        IdentityItemKind.MachineSid => "machine SID",
        IdentityItemKind.StaticAddress => "static address",
        _ => key.Length == 0 ? path.ToString() : key.Substring(key.LastIndexOf('\\') + 1),
    };

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

    private string ReadSecretName(LocatedJson json) => json.Text.Length > 0 && json.Text.IndexOf('\\') < 0
        ? json.Text
        : throw Fail(json, $"'{json.Text}' is not the name of an LSA secret.");

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
}
