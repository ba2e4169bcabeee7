using System.Management.Automation;
using System.Reflection;

namespace VmUpdate.HelpBuilder;

/// <summary>One parameter of a cmdlet.</summary>
/// <param name="Name">Its name, without the dash.</param>
/// <param name="TypeName">The short name of its type, as PowerShell writes it.</param>
/// <param name="IsSwitch">Whether it takes no value.</param>
/// <param name="Text">What it is for: the paragraphs of its documentation.</param>
/// <param name="Default">The default value in words; empty when there is none.</param>
/// <param name="AcceptsWildcards">Whether <c>*</c> and <c>?</c> have a meaning in it.</param>
/// <param name="Aliases">Its other names.</param>
/// <param name="Sets">Its place in each parameter set; the key <see cref="ParameterAttribute.AllParameterSets"/> stands for all.</param>
internal sealed record ParameterDescription(
    string Name,
    string TypeName,
    bool IsSwitch,
    IReadOnlyList<string> Text,
    string Default,
    bool AcceptsWildcards,
    IReadOnlyList<string> Aliases,
    IReadOnlyDictionary<string, ParameterAttribute> Sets)
{
    internal static ParameterDescription Of(PropertyInfo property, XmlDocs docs)
    {
        var sets = new Dictionary<string, ParameterAttribute>(StringComparer.OrdinalIgnoreCase);
        foreach (ParameterAttribute attribute in property.GetCustomAttributes<ParameterAttribute>())
        {
            sets[attribute.ParameterSetName] = attribute;
        }

        return new ParameterDescription(
            property.Name,
            ShortName(property.PropertyType),
            property.PropertyType == typeof(SwitchParameter),
            docs.Paragraphs(property, "summary"),
            docs.Line(property, "value"),
            property.GetCustomAttribute<SupportsWildcardsAttribute>() is not null,
            [.. property.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? []],
            sets);
    }

    internal static ParameterDescription Switch(string name, string text, string alias) => new(
        name,
        nameof(SwitchParameter),
        IsSwitch: true,
        [text],
        "False",
        AcceptsWildcards: false,
        [alias],
        new Dictionary<string, ParameterAttribute> { [ParameterAttribute.AllParameterSets] = new() });

    internal ParameterAttribute? In(string set) =>
        Sets.TryGetValue(set, out ParameterAttribute? own) ? own
        : Sets.TryGetValue(ParameterAttribute.AllParameterSets, out ParameterAttribute? all) ? all
        : null;

    internal static string ShortName(Type type)
    {
        Type shown = Nullable.GetUnderlyingType(type) ?? type;
        return shown.IsArray ? ShortName(shown.GetElementType()!) + "[]" : shown.Name;
    }
}
