using System.Text;
using System.Xml;

namespace VmUpdate.Core.Identity;

/// <summary>Tells whether an answer file of Windows Setup holds a password. Setup blanks those out that it has used.</summary>
internal static class AnswerFilePasswords
{
    private const string Blanked = "*SENSITIVE*DATA*DELETED*";
    private const string Password = "Password";

    /// <summary>Longer files are no answer files.</summary>
    public const int MaxSize = 4 << 20;

    /// <summary>Whether an element whose name ends with Password, or the value in one, holds text.</summary>
    /// <param name="xml">The file.</param>
    public static bool Any(byte[] xml)
    {
        try
        {
            using var reader = XmlReader.Create(
                new MemoryStream(xml, writable: false), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            var open = new Stack<string>();
            while (reader.Read())
            {
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element when !reader.IsEmptyElement:
                        open.Push(reader.LocalName);
                        break;
                    case XmlNodeType.EndElement:
                        open.Pop();
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA when IsPassword(open) && reader.Value.Trim() is { Length: > 0 } text && text != Blanked:
                        return true;
                }
            }

            return false;
        }
        catch (XmlException)
        {
            // Setup would not take it either; what a person typed into it is there all the same.
            return Contains(Encoding.UTF8, xml) || Contains(Encoding.Unicode, xml);
        }
    }

    private static bool IsPassword(Stack<string> open)
    {
        string[] names = open.Take(2).ToArray();
        return names.Length > 0 && (IsName(names[0]) || (names.Length > 1 && names[0] == "Value" && IsName(names[1])));
    }

    private static bool IsName(string name) => name.EndsWith(Password, StringComparison.OrdinalIgnoreCase);

    private static bool Contains(Encoding encoding, byte[] bytes) =>
        encoding.GetString(bytes).IndexOf(Password + ">", StringComparison.OrdinalIgnoreCase) >= 0;
}
