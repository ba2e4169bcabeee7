namespace VmUpdate.Core.Tasks;

/// <summary>Names with <c>*</c> (any characters) and <c>?</c> (one), compared without case.</summary>
internal static class NamePattern
{
    /// <summary>Whether a name fits. Linear in practice, and at worst the product of the lengths: patterns come from the administrator.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="name">The name.</param>
    /// <returns>Whether it fits as a whole.</returns>
    public static bool Fits(string pattern, string name)
    {
        int inPattern = 0, inName = 0, star = -1, resume = 0;
        while (inName < name.Length)
        {
            if (inPattern < pattern.Length && (pattern[inPattern] == '?' || Same(pattern[inPattern], name[inName])) && pattern[inPattern] != '*')
            {
                inPattern++;
                inName++;
            }
            else if (inPattern < pattern.Length && pattern[inPattern] == '*')
            {
                star = inPattern++;
                resume = inName;
            }
            else if (star >= 0)
            {
                // The last star takes one character more.
                inPattern = star + 1;
                inName = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (inPattern < pattern.Length && pattern[inPattern] == '*')
        {
            inPattern++;
        }

        return inPattern == pattern.Length;
    }

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
