using System.Diagnostics.CodeAnalysis;

namespace VmUpdate.Shell;

/// <summary>What the shell was asked to do.</summary>
/// <param name="Script">The script to run, or none.</param>
/// <param name="Arguments">The script's arguments, as they were typed.</param>
/// <param name="Command">The command text to run, or none.</param>
/// <param name="IsInteractive">Whether questions may be asked.</param>
internal sealed record CommandLine(string? Script, IReadOnlyList<string> Arguments, string? Command, bool IsInteractive)
{
    internal const string Usage = """
        VmUpdate.Shell runs PowerShell scripts of this module where no PowerShell is installed. It is no full PowerShell.

          VmUpdate.Shell [-NonInteractive] script.ps1 [arguments]   runs a script and returns its exit code
          VmUpdate.Shell [-NonInteractive] -Command "text"          runs one line
          VmUpdate.Shell                                            reads lines from the keyboard
        """;

    internal static bool TryParse(IReadOnlyList<string> args, [NotNullWhen(true)] out CommandLine? line)
    {
        int next = 0;
        bool interactive = !Console.IsInputRedirected;
        if (next < args.Count && Is(args[next], "-NonInteractive"))
        {
            interactive = false;
            next++;
        }

        string? script = null;
        string? command = null;
        IReadOnlyList<string> rest = [];
        if (next < args.Count && (Is(args[next], "-Command") || Is(args[next], "-c")))
        {
            command = string.Join(" ", args.Skip(next + 1));
        }
        else if (next < args.Count)
        {
            script = args[next];
            rest = [.. args.Skip(next + 1)];
        }

        line = command?.Length == 0 || (script?.StartsWith('-') ?? false) ? null : new CommandLine(script, rest, command, interactive);
        return line is not null;
    }

    private static bool Is(string argument, string option) => string.Equals(argument, option, StringComparison.OrdinalIgnoreCase);
}
