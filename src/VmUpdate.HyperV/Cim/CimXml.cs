using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace VmUpdate.HyperV.Cim;

/// <summary>Instances as text: what Hyper-V's methods take and give where they speak of embedded instances.</summary>
/// <remarks>DMTF DSP0201 (CIM-XML), the elements INSTANCE, PROPERTY and PROPERTY.ARRAY.</remarks>
public static class CimXml
{
    private const string DateFormat = "yyyyMMddHHmmss.ffffff";

    /// <summary>An instance as text, with every property that has a value; instances inside it are left out.</summary>
    /// <param name="record">The instance.</param>
    /// <returns>The text.</returns>
    public static string Write(CimRecord record)
    {
        var instance = new XElement("INSTANCE", new XAttribute("CLASSNAME", record.Path.ClassName));
        foreach (KeyValuePair<string, object?> property in record.Properties)
        {
            if (property.Value is { } value && TypeOf(value) is { } type)
            {
                instance.Add(value is Array values
                    ? new XElement(
                        "PROPERTY.ARRAY",
                        new XAttribute("NAME", property.Key),
                        new XAttribute("TYPE", type),
                        new XElement("VALUE.ARRAY", values.Cast<object>().Select(item => new XElement("VALUE", Format(item)))))
                    : new XElement(
                        "PROPERTY", new XAttribute("NAME", property.Key), new XAttribute("TYPE", type), new XElement("VALUE", Format(value))));
            }
        }

        // Line ends are kept as they are: a reader would make one kind of them.
        var text = new StringBuilder();
        using (var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.Entitize }))
        {
            instance.WriteTo(writer);
        }

        return text.ToString();
    }

    /// <summary>Reads texts of an instance: the name of each property that has one text as its value.</summary>
    /// <param name="xml">The text. It may come from a guest: it is read as data, without entities.</param>
    /// <param name="className">The class that it must be of.</param>
    /// <returns>The values by name, as they are written; <see langword="null"/> when it is no instance of the class.</returns>
    public static IReadOnlyDictionary<string, string>? TryRead(string xml, string className)
    {
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(xml),
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersFromEntities = 1 });
            XElement root = XElement.Load(reader);
            if (root.Name.LocalName != "INSTANCE" || (string?)root.Attribute("CLASSNAME") != className)
            {
                return null;
            }

            var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (XElement property in root.Elements("PROPERTY"))
            {
                if ((string?)property.Attribute("NAME") is { } name && property.Element("VALUE") is { } value)
                {
                    values[name] = value.Value;
                }
            }

            return values;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    /// <summary>CIM's name for the type of a value; <see langword="null"/> for one that is not written.</summary>
    internal static string? TypeOf(object value) => value switch
    {
        string or string[] => "string",
        bool or bool[] => "boolean",
        byte or byte[] => "uint8",
        sbyte or sbyte[] => "sint8",
        ushort or ushort[] => "uint16",
        short or short[] => "sint16",
        uint or uint[] => "uint32",
        int or int[] => "sint32",
        ulong or ulong[] => "uint64",
        long or long[] => "sint64",
        DateTime or TimeSpan => "datetime",
        _ => null,
    };

    private static string Format(object value) => value switch
    {
        bool flag => flag ? "TRUE" : "FALSE",
        DateTime time => time.ToUniversalTime().ToString(DateFormat, CultureInfo.InvariantCulture) + "+000",
        TimeSpan time => time.ToString("dddddddd", CultureInfo.InvariantCulture)
            + time.ToString(@"hhmmss\.ffffff", CultureInfo.InvariantCulture) + ":000",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
