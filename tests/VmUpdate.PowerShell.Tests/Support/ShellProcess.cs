using System.Diagnostics;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>The console host as a program of its own.</summary>
internal static class ShellProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal static (int ExitCode, string Output, string Error) Run(IEnumerable<string> arguments, string input = "")
    {
        using Process process = Start(arguments);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return Finish(process);
    }

    internal static Process Start(IEnumerable<string> arguments) => StartProgram("src", "VmUpdate.Shell", arguments);

    /// <summary>Spoils a disk in a process of its own: the libraries must not be loaded here beside the module's.</summary>
    internal static void Spoil(string disk, string kind)
    {
        (int exitCode, _, string error) = Finish(StartProgram("tests", "VmUpdate.Simulation.Console", ["--spoil", kind, disk]));
        Assert.True(exitCode == 0, error);
    }

    private static Process StartProgram(string folder, string project, IEnumerable<string> arguments)
    {
        string framework = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!);
        string program = Repository.PathOf(folder, project, "bin", configuration, framework, project + ".dll");
        return Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    internal static (int ExitCode, string Output, string Error) Finish(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The shell did not end within {Patience}.");
        }

        return (process.ExitCode, output.Result, error.Result);
    }
}
