using System.Diagnostics;

namespace VmUpdate.Benchmarks;

/// <summary>Runs the programs that we compare with.</summary>
internal static class Shell
{
    /// <summary>Runs a bash script and waits for it.</summary>
    /// <param name="script">The script.</param>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(string script)
    {
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{script}\n{errors.Result}");
    }

    /// <summary>Whether programs are installed.</summary>
    /// <param name="programs">Their names.</param>
    /// <returns><see langword="true"/> when all are.</returns>
    public static bool Has(params string[] programs) =>
        programs.All(program => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, program))));
}
