using System.Text;

namespace VmUpdate.GuestAgent;

/// <summary>Texts of others, made fit to be shown: in a log, on a terminal, in an environment variable.</summary>
internal static class OneLine
{
    /// <summary>A text without control characters and of bounded length.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The most characters; what is longer loses its middle.</param>
    /// <returns>The text on one line.</returns>
    public static string Of(string text, int maxLength)
    {
        var line = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            line.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        }

        const string gap = " ... ";
        if (line.Length > maxLength)
        {
            int half = (maxLength - gap.Length) / 2;
            line.Remove(half, line.Length - (2 * half)).Insert(half, gap);
        }

        return line.ToString();
    }
}
