using System.Management.Automation;
using System.Reflection;

namespace VmUpdate.HelpBuilder;

/// <summary>One cmdlet: what its attributes and its documentation say.</summary>
internal sealed class CommandDescription
{
    private readonly Type _type;

    private CommandDescription(Type type, CmdletAttribute cmdlet, XmlDocs docs)
    {
        _type = type;
        Verb = cmdlet.VerbName;
        Noun = cmdlet.NounName;
        Synopsis = docs.Line(type, "summary");
        Description = docs.Paragraphs(type, "remarks");
        Examples = docs.Examples(type);
        Errors = docs.Errors(type);
        Parameters = [.. ParametersOf(type, cmdlet, docs)];
        Sets = SetsOf(cmdlet);
        Outputs = [.. type.GetCustomAttributes<OutputTypeAttribute>()
            .SelectMany(attribute => attribute.Type)
            .Select(output => (output.Name, Text: output.Type is null ? string.Empty : docs.Line(output.Type, "summary")))
            .Distinct()];
    }

    internal string Verb { get; }

    internal string Noun { get; }

    internal string Name => $"{Verb}-{Noun}";

    internal string Synopsis { get; }

    internal IReadOnlyList<string> Description { get; }

    internal IReadOnlyList<CommandExample> Examples { get; }

    internal IReadOnlyList<(string Id, string Text)> Errors { get; }

    internal IReadOnlyList<ParameterDescription> Parameters { get; }

    internal IReadOnlyList<string> Sets { get; }

    internal IReadOnlyList<(string Name, string Text)> Outputs { get; }

    internal static IEnumerable<CommandDescription> AllOf(Assembly assembly, XmlDocs docs) =>
        from type in assembly.GetExportedTypes()
        let cmdlet = type.GetCustomAttribute<CmdletAttribute>()
        where cmdlet is not null && !type.IsAbstract
        orderby cmdlet.NounName, cmdlet.VerbName
        select new CommandDescription(type, cmdlet, docs);

    /// <summary>What a reader of the help would miss; the build fails when there is any.</summary>
    internal IEnumerable<string> Gaps()
    {
        if (Synopsis.Length == 0)
        {
            yield return $"{Name} ({_type.Name}) has no <summary>.";
        }

        if (Description.Count == 0)
        {
            yield return $"{Name} ({_type.Name}) has no <remarks>.";
        }

        if (Examples.Count == 0)
        {
            yield return $"{Name} ({_type.Name}) has no <example>.";
        }

        foreach (ParameterDescription parameter in Parameters.Where(parameter => parameter.Text.Count == 0))
        {
            yield return $"{Name} ({_type.Name}): -{parameter.Name} has no <summary>.";
        }
    }

    /// <summary>The parameters of one set: those with a position first, then the mandatory, then the rest, each in order.</summary>
    internal IEnumerable<(ParameterDescription Parameter, ParameterAttribute Place)> In(string set) =>
        from parameter in Parameters
        let place = parameter.In(set)
        where place is not null
        orderby place.Position == int.MinValue ? int.MaxValue : place.Position, !place.Mandatory
        select (parameter, place);

    private static IEnumerable<ParameterDescription> ParametersOf(Type type, CmdletAttribute cmdlet, XmlDocs docs)
    {
        foreach (PropertyInfo property in type.GetProperties().Where(property => property.IsDefined(typeof(ParameterAttribute))))
        {
            yield return ParameterDescription.Of(property, docs);
        }

        if (cmdlet.SupportsShouldProcess)
        {
            yield return ParameterDescription.Switch("WhatIf", "Says what would be done, and does nothing.", "wi");
            yield return ParameterDescription.Switch("Confirm", "Asks before anything is done.", "cf");
        }
    }

    private List<string> SetsOf(CmdletAttribute cmdlet)
    {
        List<string> named = [.. Parameters
            .SelectMany(parameter => parameter.Sets.Keys)
            .Where(set => set != ParameterAttribute.AllParameterSets)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .OrderByDescending(set => string.Equals(set, cmdlet.DefaultParameterSetName, StringComparison.OrdinalIgnoreCase))];
        return named.Count > 0 ? named : [ParameterAttribute.AllParameterSets];
    }
}
