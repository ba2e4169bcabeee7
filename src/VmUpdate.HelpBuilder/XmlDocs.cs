using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VmUpdate.HelpBuilder;

/// <summary>
/// The documentation files of some assemblies, as plain text. Beside C#'s own elements a cmdlet's may hold <c>error</c> elements:
/// <c>&lt;error id="VmNotFound"&gt;when it is written&lt;/error&gt;</c>.
/// </summary>
internal sealed partial class XmlDocs
{
    private readonly Dictionary<string, XElement> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _commandNames = new(StringComparer.Ordinal);

    internal XmlDocs(IEnumerable<string> files, Assembly commands)
    {
        foreach (Type type in commands.GetExportedTypes())
        {
            if (type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet)
            {
                _commandNames[$"T:{type.FullName}"] = $"{cmdlet.VerbName}-{cmdlet.NounName}";
            }
        }

        foreach (string file in files.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal))
        {
            foreach (XElement member in XDocument.Load(file, LoadOptions.PreserveWhitespace).Descendants("member"))
            {
                _members[(string)member.Attribute("name")!] = member;
            }
        }
    }

    /// <summary>One element of a member's documentation, each paragraph a string without line breaks.</summary>
    internal IReadOnlyList<string> Paragraphs(MemberInfo member, string element) =>
        Find(member)?.Element(element) is { } found ? ParagraphsOf(found) : [];

    /// <summary>One element of a member's documentation, as one line; empty when there is none.</summary>
    internal string Line(MemberInfo member, string element) => string.Join(" ", Paragraphs(member, element));

    /// <summary>A cmdlet's examples: the text before the code is the title, the text after it the remarks.</summary>
    internal IReadOnlyList<CommandExample> Examples(Type type)
    {
        var examples = new List<CommandExample>();
        foreach (XElement example in Find(type)?.Elements("example") ?? [])
        {
            XElement code = example.Element("code") ?? throw new InvalidDataException($"An example of {type.Name} has no <code>.");
            string title = string.Join(" ", Flatten(new XElement("title", code.NodesBeforeSelf())));
            examples.Add(new CommandExample(title, Unindent(code.Value), ParagraphsOf(new XElement("remarks", code.NodesAfterSelf()))));
        }

        return examples;
    }

    /// <summary>The error ids a cmdlet's documentation names.</summary>
    internal IReadOnlyList<(string Id, string Text)> Errors(Type type) =>
        [.. (Find(type)?.Elements("error") ?? []).Select(error => ((string)error.Attribute("id")!, string.Join(" ", ParagraphsOf(error))))];

    private XElement? Find(MemberInfo member)
    {
        string key = member is Type type ? $"T:{type.FullName}" : $"P:{member.DeclaringType!.FullName}.{member.Name}";
        return _members.GetValueOrDefault(key);
    }

    private List<string> ParagraphsOf(XElement element)
    {
        var paragraphs = new List<string>();
        var loose = new XElement("loose");
        foreach (XNode node in element.Nodes())
        {
            if (node is XElement { Name.LocalName: "para" or "code" or "list" } block)
            {
                Add(Flatten(loose));
                loose.RemoveAll();
                foreach (XElement part in block.Name.LocalName == "list" ? block.Elements("item") : [block])
                {
                    Add((block.Name.LocalName == "list" ? "- " : string.Empty) + Flatten(part));
                }
            }
            else
            {
                loose.Add(node);
            }
        }

        Add(Flatten(loose));
        return paragraphs;

        void Add(string text)
        {
            if (text.Length > 0)
            {
                paragraphs.Add(text);
            }
        }
    }

    private string Flatten(XElement element) => Whitespace().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    private string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" or "seealso" or "paramref" } reference => Reference(reference),
        XElement element => string.Concat(element.Nodes().Select(Text)),
        _ => string.Empty,
    };

    private string Reference(XElement reference)
    {
        string target = (string?)reference.Attribute("cref") ?? (string?)reference.Attribute("langword") ?? (string?)reference.Attribute("name")
            ?? (string?)reference.Attribute("href") ?? string.Empty;
        if (_commandNames.TryGetValue(target, out string? command))
        {
            return command;
        }

        string name = target[(target.LastIndexOf('.') + 1)..];
        bool isParameter = target.StartsWith("P:", StringComparison.Ordinal)
            && target.Contains("Command.", StringComparison.Ordinal);
        return isParameter ? $"-{name}" : target.StartsWith("http", StringComparison.Ordinal) ? target : name;
    }

    private static string Unindent(string code)
    {
        string[] lines = code.Trim('\r', '\n', ' ').Split('\n');
        int indent = lines.Skip(1).Where(line => line.Trim().Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join("\n", lines.Select((line, index) => index == 0 ? line.TrimEnd() : line[Math.Min(indent, line.Length)..].TrimEnd()));
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
