using VmUpdate.Shell;

// Before anything of the engine is touched: it would send usage data home otherwise.
Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

if (!CommandLine.TryParse(args, out CommandLine? line))
{
    Console.Error.WriteLine(CommandLine.Usage);
    return ExitCodes.WrongUsage;
}

using var shell = new ShellSession(ModuleLocation.Find(), line.IsInteractive);
return line.Script is { } script ? shell.RunScript(script, line.Arguments)
    : line.Command is { } command ? shell.RunCommand(command)
    : shell.RunPrompt();
