using System.Globalization;
using System.Xml.Linq;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>An instance that came as text, read as Hyper-V reads it: with the type of each property checked.</summary>
internal sealed record EmbeddedInstance(CimSchemaClass Class, IReadOnlyDictionary<string, object> Properties)
{
    internal static EmbeddedInstance Parse(string xml, string @namespace)
    {
        XElement root = XDocument.Parse(xml).Root!;
        CimSchemaClass found = CimSchema.Instance.Find(@namespace, (string)root.Attribute("CLASSNAME")!);
        var properties = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        foreach (XElement property in root.Elements())
        {
            bool isArray = property.Name.LocalName == "PROPERTY.ARRAY";
            string name = (string)property.Attribute("NAME")!;
            string type = (string)property.Attribute("TYPE")! + (isArray ? "[]" : string.Empty);
            if (found.TypeOf(name) != type)
            {
                throw new SchemaViolationException($"{found.Name}.{name} is {found.TypeOf(name)}, and was given as {type}.");
            }

            properties[name] = isArray
                ? property.Element("VALUE.ARRAY")!.Elements("VALUE").Select(value => value.Value).ToArray()
                : Convert(property.Element("VALUE")!.Value, type);
        }

        return new EmbeddedInstance(found, properties);
    }

    private static object Convert(string text, string type) => type switch
    {
        "boolean" => text switch { "TRUE" => true, "FALSE" => false, _ => throw new SchemaViolationException($"'{text}' is no truth value.") },
        "string" => text,
        "datetime" => text.Length == 25 ? text : throw new SchemaViolationException($"'{text}' is no time."),
        _ => ulong.Parse(text, CultureInfo.InvariantCulture),
    };
}
