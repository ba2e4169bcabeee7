using System.Diagnostics;

namespace VmUpdate.Simulation.Support;

/// <summary>Programs that nobody here wrote and that say whether ours wrote right. A test without its judge is skipped; in CI it fails.</summary>
public static class Judges
{
    /// <summary>The system's Python, the one that Debian's packages of modules are for; another one on the path has none of them.</summary>
    public const string Python = "/usr/bin/python3";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Skips the test when a program is absent; fails it when the environment says <c>CI=true</c>.</summary>
    /// <param name="program">The program's name.</param>
    public static void Require(string program) => Require(IsPresent(program), $"The program {program} is not installed.");

    /// <summary>Skips the test when what it needs to judge is absent; fails it when the environment says <c>CI=true</c>.</summary>
    /// <param name="isPresent">Whether it is there.</param>
    /// <param name="reason">What is absent, a sentence.</param>
    public static void Require(bool isPresent, string reason)
    {
        Xunit.Assert.False(!isPresent && Environment.GetEnvironmentVariable("CI") == "true", reason);
        Xunit.Assert.SkipUnless(isPresent, reason);
    }

    /// <summary>The path of a script among the oracles; the test is skipped when it is absent.</summary>
    /// <param name="name">The script's name.</param>
    /// <returns>Its full path.</returns>
    public static string Oracle(string name)
    {
        string path = Path.GetFullPath(Path.Combine(RepositoryRoot.Path, "..", "shared", "oracles", name));
        Xunit.Assert.SkipUnless(File.Exists(path), $"The script {name} is not in ../shared/oracles.");
        return path;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code and what it printed, errors behind.</returns>
    public static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Xunit.Assert.Fail($"{program} did not end within {Patience}.");
        }

        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult());
    }

    private static bool IsPresent(string program)
    {
        if (Path.IsPathRooted(program))
        {
            return File.Exists(program);
        }

        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator), "/usr/sbin", "/sbin"];
        return folders.Any(folder => folder.Length > 0
            && (File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".exe"))));
    }
}
