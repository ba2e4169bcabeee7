namespace VmUpdate.GuestProtocol.Framing;

/// <summary>What may be a name of an instructor: it becomes part of a file's name in the guest, and is shown to people.</summary>
public static class NameRules
{
    /// <summary>Whether a text is a name: 1 to 64 letters (a-z, A-Z), digits, dots, hyphens and underscores, the first a letter or digit.</summary>
    /// <param name="text">The text.</param>
    /// <returns><see langword="true"/> when it is.</returns>
    public static bool IsName(string text) => text.Length is > 0 and <= 64 && IsLetterOrDigit(text[0]) && text.All(c => IsLetterOrDigit(c) || c is '.' or '-' or '_');

    private static bool IsLetterOrDigit(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9');
}
