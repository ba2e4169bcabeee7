using System.Diagnostics.CodeAnalysis;

namespace VmUpdate.GuestAgent.Commands;

/// <summary>A command and its options: <c>--name value</c>, or <c>--name</c> alone for a switch.</summary>
internal sealed class Arguments
{
    internal const string Usage = """
        vmupdate-agent COMMAND [options]

          run       speaks with the host and performs its tasks; what the service runs
              --channel PATH      the channel to the host: a device, a unix socket, a named pipe
              --state FOLDER      where runs are kept over restarts, and the log
              --agents FOLDER     the folder of update agents that are added by a file
              --first-boot FILE   what the first start of a new disk has to do
          request   asks the host to update this machine, and waits for its answer
              --kind KIND         OperatingSystemUpgrade, ApplicationInstall, ApplicationUpgrade, Configuration
              --instructor NAME   whose update agent is to perform it
              --name TEXT         what people call it
              --script FILE | --command LINE | --context TEXT | --context-file FILE    what the update agent gets
              --start, --end, --due TIME    earliest start, latest start, when it should be done, as 2026-01-31T23:00:00Z
              --urgent            before all others, where the host allows it
              --wait SECONDS      for the answer (30)
          status    what the running agent works on
          install, uninstall      the service (Windows)

          --api PATH with each: where the running agent is reached
        """;

    private static readonly string[] Switches = ["urgent"];

    private static readonly Dictionary<string, string[]> Options = new()
    {
        ["run"] = ["channel", "api", "state", "agents", "first-boot"],
        ["request"] =
        [
            "api", "kind", "instructor", "name", "script", "command", "context", "context-file", "start", "end", "due", "urgent", "wait",
        ],
        ["status"] = ["api"],
        ["install"] = [],
        ["uninstall"] = [],
    };

    private readonly Dictionary<string, string> _values;

    private Arguments(string command, Dictionary<string, string> values) => (Command, _values) = (command, values);

    /// <summary>The command.</summary>
    internal string Command { get; }

    /// <summary>Understands a command line.</summary>
    /// <param name="args">The words.</param>
    /// <param name="arguments">What they mean.</param>
    /// <param name="wrong">What is wrong with them.</param>
    internal static bool TryParse(IReadOnlyList<string> args, [NotNullWhen(true)] out Arguments? arguments, out string wrong)
    {
        arguments = null;
        wrong = string.Empty;
        if (args.Count == 0 || !Options.TryGetValue(args[0], out string[]? known))
        {
            wrong = args.Count == 0 ? "a command is needed" : $"there is no command '{args[0]}'";
            return false;
        }

        var values = new Dictionary<string, string>();
        for (int next = 1; next < args.Count; next++)
        {
            string name = args[next].StartsWith("--", StringComparison.Ordinal) ? args[next].Substring(2) : string.Empty;
            bool isSwitch = Switches.Contains(name);
            wrong = !known.Contains(name) ? $"'{args[0]}' has no option '{args[next]}'"
                : values.ContainsKey(name) ? $"'--{name}' is there twice"
                : !isSwitch && next + 1 == args.Count ? $"'--{name}' needs a value"
                : string.Empty;
            if (wrong.Length > 0)
            {
                return false;
            }

            values.Add(name, isSwitch ? string.Empty : args[++next]);
        }

        arguments = new Arguments(args[0], values);
        return true;
    }

    internal bool Has(string name) => _values.ContainsKey(name);

    internal string? Find(string name) => _values.TryGetValue(name, out string? value) ? value : null;

    internal string Get(string name, string otherwise) => Find(name) ?? otherwise;
}
