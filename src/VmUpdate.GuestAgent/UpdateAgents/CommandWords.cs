using System.Text;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>
/// A command line, taken apart without a shell: words are parted by white space; <c>"..."</c> and <c>'...'</c> hold a word together. Nothing
/// else has a meaning: no variables, no pipes, no globs, and a backslash is a backslash.
/// </summary>
internal static class CommandWords
{
    /// <summary>Takes a command line apart.</summary>
    /// <param name="line">The command line.</param>
    /// <returns>The words; the first is the program.</returns>
    /// <exception cref="FormatException">It has no word, or a quote that is not closed.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool isWord = false;
        char quote = '\0';
        foreach (char c in line)
        {
            if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote == '\0' ? c : '\0';
                isWord = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                End();
            }
            else
            {
                word.Append(c);
                isWord = true;
            }
        }

        End();
        return quote == '\0' && words.Count > 0 && words[0].Length > 0
            ? words
            : throw new FormatException(quote == '\0' ? "the command line names no program" : "a quote in the command line is not closed");

        void End()
        {
            if (isWord)
            {
                words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
        }
    }
}
