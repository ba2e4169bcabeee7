using System.Text;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>Arguments as programs on Windows take them apart: one line, where a quote is escaped and a backslash before one doubled.</summary>
internal static class WindowsArgument
{
    /// <summary>Puts arguments on one line, each to arrive as it is.</summary>
    internal static string Join(IEnumerable<string> arguments) => string.Join(" ", arguments.Select(Quote));

    private static string Quote(string argument)
    {
        var quoted = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char c in argument)
        {
            if (c == '"')
            {
                quoted.Append('\\', backslashes + 1);
            }

            backslashes = c == '\\' ? backslashes + 1 : 0;
            quoted.Append(c);
        }

        return quoted.Append('\\', backslashes).Append('"').ToString();
    }
}
