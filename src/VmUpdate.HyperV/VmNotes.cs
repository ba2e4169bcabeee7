using System.Text;

namespace VmUpdate.HyperV;

/// <summary>
/// The marks in a machine's notes: a line <c>VmUpdate.pool: text</c> for each, behind what others wrote, which is kept letter by letter
/// (a line end is added to a last line that has none).
/// </summary>
internal static class VmNotes
{
    private const string Prefix = "VmUpdate.";
    private const string Separator = ": ";

    /// <summary>The marks in notes.</summary>
    /// <param name="notes">The notes; Hyper-V has them as a list, of which it uses the first.</param>
    internal static IReadOnlyDictionary<string, string> Read(IReadOnlyList<string> notes)
    {
        var marks = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string Mark, string Text) mark in notes.SelectMany(Lines).Select(Parse).OfType<(string Mark, string Text)>())
        {
            marks[mark.Mark] = mark.Text;
        }

        return marks;
    }

    /// <summary>Notes with a mark set or taken out.</summary>
    /// <param name="notes">The notes.</param>
    /// <param name="mark">The mark.</param>
    /// <param name="text">Its text, or nothing.</param>
    internal static string[] With(IReadOnlyList<string> notes, string mark, string? text)
    {
        string[] kept = notes.Count == 0 ? [string.Empty] : notes.Select(note => string.Concat(Lines(note).Where(line => Parse(line)?.Mark != mark))).ToArray();
        if (text is null)
        {
            return kept;
        }

        string before = kept[0];
        string newLine = before.Length == 0 || before.EndsWith("\n", StringComparison.Ordinal) ? string.Empty : "\r\n";
        kept[0] = $"{before}{newLine}{Prefix}{Uri.EscapeDataString(mark)}{Separator}{Escape(text)}\r\n";
        return kept;
    }

    /// <summary>The mark of a line; nothing when the line is somebody else's.</summary>
    private static (string Mark, string Text)? Parse(string line)
    {
        int separator = line.IndexOf(Separator, StringComparison.Ordinal);
        if (separator <= Prefix.Length || !line.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string name = line.Substring(Prefix.Length, separator - Prefix.Length);
        return name.Contains(' ')
            ? null
            : (Uri.UnescapeDataString(name), Unescape(line.Substring(separator + Separator.Length).TrimEnd('\r', '\n')));
    }

    /// <summary>The lines of a text, each with its end.</summary>
    private static IEnumerable<string> Lines(string text)
    {
        for (int at = 0; at < text.Length;)
        {
            int end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end + 1;
            yield return text.Substring(at, end - at);
            at = end;
        }
    }

    private static string Escape(string text) => text.Replace("\\", @"\\").Replace("\r", @"\r").Replace("\n", @"\n");

    private static string Unescape(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                plain.Append(text[i] switch { 'r' => '\r', 'n' => '\n', var other => other });
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
