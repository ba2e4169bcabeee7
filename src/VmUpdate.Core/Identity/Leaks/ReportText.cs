using System.Globalization;
using System.Net;
using System.Text;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>Text for a page. All of it may come from a guest's disk, which is not trusted: nothing in it may become markup or mislead the eye.</summary>
internal static class ReportText
{
    /// <summary>Text as the content of an element or of an attribute in double quotes.</summary>
    public static string Escape(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            // Controls, and signs that turn the direction of writing: they make "exe.gpj" of "jpg.exe".
            bool isUnseen = char.IsControl(c) || char.IsSurrogate(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format;
            clean.Append(isUnseen ? '\uFFFD' : c);
        }

        return WebUtility.HtmlEncode(clean.ToString());
    }

    /// <summary>"1 disk", "2 disks".</summary>
    public static string Count(int count, string one, string? many = null) =>
        string.Format(CultureInfo.InvariantCulture, "{0} {1}", count, count == 1 ? one : many ?? one + "s");
}
