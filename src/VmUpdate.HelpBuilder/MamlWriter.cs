using System.Globalization;
using System.Management.Automation;
using System.Xml.Linq;

namespace VmUpdate.HelpBuilder;

/// <summary>Writes cmdlets in the form that <c>Get-Help</c> reads: MAML, the schema of Microsoft's help files.</summary>
internal static class MamlWriter
{
    private static readonly XNamespace Msh = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    internal static void Write(string path, IEnumerable<CommandDescription> commands) => new XDocument(
        new XElement(
            Msh + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", Maml),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            commands.Select(Describe))).Save(path);

    private static XElement Describe(CommandDescription command) => new(
        Command + "command",
        new XElement(
            Command + "details",
            new XElement(Command + "name", command.Name),
            new XElement(Command + "verb", command.Verb),
            new XElement(Command + "noun", command.Noun),
            Text(Maml + "description", [command.Synopsis])),
        Text(Maml + "description", command.Description),
        new XElement(Command + "syntax", command.Sets.Select(set => Syntax(command, set))),
        new XElement(Command + "parameters", command.Parameters.OrderBy(parameter => parameter.Name, StringComparer.Ordinal).Select(Parameter)),
        new XElement(Command + "inputTypes", Inputs(command).Select(input => TypeOf(Command + "inputType", input.Type, input.Text))),
        new XElement(Command + "returnValues", command.Outputs.Select(output => TypeOf(Command + "returnValue", output.Name, output.Text))),
        new XElement(Maml + "alertSet", Text(Maml + "alert", Notes(command))),
        new XElement(Command + "examples", command.Examples.Select(Example)));

    private static IEnumerable<string> Notes(CommandDescription command) => command.Errors.Count == 0
        ? ["Every error id is explained in about_VmUpdate_Errors."]
        : ["Error ids to expect (all are in about_VmUpdate_Errors):", .. command.Errors.Select(error => $"- {error.Id}: {error.Text}")];

    private static XElement Syntax(CommandDescription command, string set) => new(
        Command + "syntaxItem",
        new XElement(Maml + "name", command.Name),
        command.In(set).Select(entry => Parameter(entry.Parameter, entry.Place)));

    private static XElement Parameter(ParameterDescription parameter) => Parameter(parameter, parameter.Sets.Values.First());

    private static XElement Parameter(ParameterDescription parameter, ParameterAttribute place) => new(
        Command + "parameter",
        new XAttribute("required", place.Mandatory ? "true" : "false"),
        new XAttribute("variableLength", parameter.TypeName.EndsWith("[]", StringComparison.Ordinal) ? "true" : "false"),
        new XAttribute("globbing", parameter.AcceptsWildcards ? "true" : "false"),
        new XAttribute("pipelineInput", Pipeline(place)),
        new XAttribute("position", place.Position == int.MinValue ? "named" : place.Position.ToString(CultureInfo.InvariantCulture)),
        new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
        new XElement(Maml + "name", parameter.Name),
        Text(Maml + "description", parameter.Text),
        parameter.IsSwitch ? null : new XElement(
            Command + "parameterValue",
            new XAttribute("required", "true"),
            new XAttribute("variableLength", "false"),
            parameter.TypeName),
        new XElement(Dev + "type", new XElement(Maml + "name", parameter.TypeName)),
        new XElement(Dev + "defaultValue", parameter.Default.Length > 0 ? parameter.Default : parameter.IsSwitch ? "False" : "None"));

    private static string Pipeline(ParameterAttribute place) => (place.ValueFromPipeline, place.ValueFromPipelineByPropertyName) switch
    {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        _ => "false",
    };

    private static IEnumerable<(string Type, string Text)> Inputs(CommandDescription command)
    {
        foreach (ParameterDescription parameter in command.Parameters.Where(parameter => parameter.Sets.Values.Any(set => set.ValueFromPipeline)))
        {
            yield return (parameter.TypeName, $"The value of -{parameter.Name}.");
        }

        List<string> byName = [.. command.Parameters
            .Where(parameter => parameter.Sets.Values.Any(set => set.ValueFromPipelineByPropertyName))
            .Select(parameter => parameter.Aliases.Count == 0 ? parameter.Name : $"{parameter.Name} (or {string.Join(", ", parameter.Aliases)})")];
        if (byName.Count > 0)
        {
            yield return ("PSObject", $"Any object with these properties: {string.Join("; ", byName)}.");
        }
    }

    private static XElement TypeOf(XName element, string type, string text) => new(
        element,
        new XElement(Dev + "type", new XElement(Maml + "name", type)),
        Text(Maml + "description", text.Length > 0 ? [text] : []));

    private static XElement Example(CommandExample example, int index) => new(
        Command + "example",
        new XElement(Maml + "title", $"Example {index + 1}: {example.Title}"),
        new XElement(Dev + "code", example.Code),
        Text(Dev + "remarks", example.Remarks));

    private static XElement Text(XName element, IEnumerable<string> paragraphs) =>
        new(element, paragraphs.Select(paragraph => new XElement(Maml + "para", paragraph)));
}
