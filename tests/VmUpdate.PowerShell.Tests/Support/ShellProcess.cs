using System.Diagnostics;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>The console host as a program of its own.</summary>
internal static class ShellProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <param name="arguments">The program's arguments.</param>
    /// <param name="input">What is typed.</param>
    /// <param name="temporary">The program's folder for temporary files; this process's own when <see langword="null"/>.</param>
    internal static (int ExitCode, string Output, string Error) Run(IEnumerable<string> arguments, string input = "", string? temporary = null)
    {
        using Process process = StartProgram("src", "VmUpdate.Shell", arguments, temporary);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return Finish(process);
    }

    internal static Process Start(IEnumerable<string> arguments) => StartProgram("src", "VmUpdate.Shell", arguments);

    /// <summary>The same in a place where a library is hidden, as if it were not installed. As root, on Linux.</summary>
    internal static (int ExitCode, string Output, string Error) RunWithout(string library, IEnumerable<string> arguments)
    {
        string[] hide = ["unshare", "--mount", "/bin/sh", "-c", "mount --bind /dev/null \"$0\" && exec \"$@\"", library];
        using Process process = StartProgram("src", "VmUpdate.Shell", arguments, before: hide);
        process.StandardInput.Close();
        return Finish(process);
    }

    /// <summary>Spoils a disk in a process of its own: the libraries must not be loaded here beside the module's.</summary>
    internal static void Spoil(string disk, string kind)
    {
        (int exitCode, _, string error) = Finish(StartProgram("tests", "VmUpdate.Simulation.Console", ["--spoil", kind, disk]));
        Assert.True(exitCode == 0, error);
    }

    /// <summary>Copies a disk with all its parents into one file, in a process of its own.</summary>
    internal static void Copy(string disk, string target)
    {
        (int exitCode, _, string error) = Finish(StartProgram("tests", "VmUpdate.Simulation.Console", ["--copy", disk, target]));
        Assert.True(exitCode == 0, error);
    }

    /// <summary>Makes disks with secrets on them, and the list of those, in a process of its own.</summary>
    internal static void MakeSealedDisks(string folder)
    {
        (int exitCode, _, string error) = Finish(StartProgram("tests", "VmUpdate.Simulation.Console", ["--sealed-disks", folder]));
        Assert.True(exitCode == 0, error);
    }

    /// <summary>A file of a program that was built with these tests, in the same configuration and for the same framework.</summary>
    internal static string ProgramOf(string folder, string project, string file)
    {
        string framework = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!);
        return Repository.PathOf(folder, project, "bin", configuration, framework, file);
    }

    private static Process StartProgram(string folder, string project, IEnumerable<string> arguments, string? temporary = null, string[]? before = null)
    {
        string[] command = [.. before ?? [], "dotnet", ProgramOf(folder, project, project + ".dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (temporary is not null)
        {
            start.Environment["TMPDIR"] = start.Environment["TEMP"] = start.Environment["TMP"] = temporary;
        }

        return Process.Start(start)!;
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
