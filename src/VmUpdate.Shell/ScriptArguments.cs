using System.Management.Automation.Runspaces;

namespace VmUpdate.Shell;

/// <summary>Reads a script's arguments from a command line that some other shell has split already.</summary>
internal static class ScriptArguments
{
    /// <summary><c>-Name value</c>, <c>-Name:value</c>, <c>-Switch</c>, values by position; after <c>--</c> everything is a value.</summary>
    /// <param name="arguments">The words.</param>
    /// <returns>The parameters in their order.</returns>
    internal static IEnumerable<CommandParameter> Read(IReadOnlyList<string> arguments)
    {
        bool onlyValues = false;
        for (int index = 0; index < arguments.Count; index++)
        {
            string word = arguments[index];
            if (!onlyValues && word == "--")
            {
                onlyValues = true;
            }
            else if (onlyValues || !IsName(word))
            {
                yield return new CommandParameter(null, word);
            }
            else if (word.IndexOf(':', StringComparison.Ordinal) is var colon and > 0)
            {
                yield return new CommandParameter(word[1..colon], ValueOf(word[(colon + 1)..]));
            }
            else if (index + 1 < arguments.Count && !IsName(arguments[index + 1]) && arguments[index + 1] != "--")
            {
                yield return new CommandParameter(word[1..], arguments[++index]);
            }
            else
            {
                yield return new CommandParameter(word[1..], true);
            }
        }
    }

    // A number below zero is a value, not a name.
    private static bool IsName(string word) => word.Length > 1 && word[0] == '-' && (char.IsLetter(word[1]) || word[1] == '_');

    private static object ValueOf(string text) => text switch
    {
        "$true" => true,
        "$false" => false,
        _ => text,
    };
}
