namespace VmUpdate.Core.Identity;

/// <content>The words of a catalogue file.</content>
internal sealed partial class CatalogueFile
{
    private static readonly Dictionary<string, OldVerb> OldVerbs = new(StringComparer.Ordinal)
    {
        ["carry"] = OldVerb.Carry, ["leave"] = OldVerb.Leave, ["ask"] = OldVerb.Ask, ["never"] = OldVerb.Never,
    };

    private static readonly Dictionary<string, MasterVerb> MasterVerbs = new(StringComparer.Ordinal)
    {
        ["keep"] = MasterVerb.Keep, ["strip"] = MasterVerb.Strip, ["ask"] = MasterVerb.Ask,
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
        ["certificate"] = IdentityItemKind.Certificate,
        ["machine-sid"] = IdentityItemKind.MachineSid,
        ["static-address"] = IdentityItemKind.StaticAddress,
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

    private static readonly Dictionary<string, ItemCounts> Counts = new(StringComparer.Ordinal)
    {
        ["always"] = ItemCounts.Always,
        ["not-empty"] = ItemCounts.NotEmpty,
        ["switched-on"] = ItemCounts.SwitchedOn,
        ["cached-logon"] = ItemCounts.CachedLogon,
        ["answer-file-password"] = ItemCounts.AnswerFilePassword,
    };

    private static readonly Dictionary<string, SpecializeRule> SpecializeRules = new(StringComparer.Ordinal)
    {
        ["survives"] = SpecializeRule.Survives,
        ["answer-file"] = SpecializeRule.AnswerFile,
        ["first-boot"] = SpecializeRule.FirstBoot,
        ["join"] = SpecializeRule.Join,
        ["lost"] = SpecializeRule.Lost,
    };

    private static readonly Dictionary<string, Severity> Severities = new(StringComparer.Ordinal)
    {
        ["information"] = Severity.Information, ["warning"] = Severity.Warning, ["error"] = Severity.Error,
    };

    private static readonly Dictionary<string, Refusal> Refusals = new(StringComparer.Ordinal)
    {
        ["static-address"] = Refusal.StaticAddress, ["managed-by-other"] = Refusal.ManagedByOther,
    };
}
