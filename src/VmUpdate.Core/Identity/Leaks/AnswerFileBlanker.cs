using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>Blanks the passwords in an answer file with the words that Windows Setup uses for it.</summary>
internal static class AnswerFileBlanker
{
    private const string Blanked = "*SENSITIVE*DATA*DELETED*";

    /// <summary>The file without its passwords.</summary>
    /// <param name="xml">The file.</param>
    /// <returns>The new file; <see langword="null"/> when it is no XML, or a password cannot be told from the rest.</returns>
    public static byte[]? Blank(byte[] xml)
    {
        XDocument document;
        try
        {
            using var reader = XmlReader.Create(
                new MemoryStream(xml, writable: false), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            document = XDocument.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            return null;
        }

        foreach (XElement element in document.Descendants().Where(IsPassword).ToList())
        {
            XElement target = element.Elements().FirstOrDefault(child => child.Name.LocalName == "Value") ?? element;
            if (target.Value.Trim().Length > 0)
            {
                target.Value = Blanked;
            }
        }

        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false) }))
        {
            document.Save(writer);
        }

        byte[] result = stream.ToArray();
        return AnswerFilePasswords.Any(result) ? null : result;
    }

    private static bool IsPassword(XElement element) => element.Name.LocalName.EndsWith("Password", StringComparison.OrdinalIgnoreCase);
}
