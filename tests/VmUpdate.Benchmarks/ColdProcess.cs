using System.Diagnostics;
using System.Globalization;

namespace VmUpdate.Benchmarks;

/// <summary>One job in a process of its own: what a user waits for who calls it once.</summary>
internal static class ColdProcess
{
    /// <summary>The job that does nothing: the runtime's own time and memory.</summary>
    public const string Nothing = "nothing";

    /// <summary>Runs this program again for one job.</summary>
    /// <param name="job">The job's name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Wall time in seconds and the peak of resident memory in bytes.</returns>
    public static (double Seconds, long PeakBytes) Run(string job, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["--one", job, .. arguments])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        var clock = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double seconds = clock.Elapsed.TotalSeconds;
        return process.ExitCode == 0
            ? (seconds, long.Parse(output.AsSpan(output.LastIndexOf("peak ", StringComparison.Ordinal) + 5).Trim(), CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"The job '{job}' ended with {process.ExitCode}.");
    }

    /// <summary>Says on standard output what <see cref="Run"/> reads.</summary>
    public static void ReportPeak() => Console.WriteLine($"peak {Process.GetCurrentProcess().PeakWorkingSet64}");
}
