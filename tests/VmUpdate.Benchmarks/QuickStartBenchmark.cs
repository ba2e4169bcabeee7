using System.Diagnostics;

namespace VmUpdate.Benchmarks;

/// <summary>The quick starts, each as a new user runs it: a process of its own, an empty folder.</summary>
internal static class QuickStartBenchmark
{
    private const int Runs = 3;
    private const double AllowedSeconds = 20;

    /// <summary>Measures.</summary>
    /// <param name="scratch">A folder for labs.</param>
    /// <param name="figures">Takes the figures.</param>
    public static void Run(string scratch, Figures figures)
    {
        string root = Repository.Root();
        string configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!);
        string program = Path.Combine(root, "src", "VmUpdate.Shell", "bin", configuration, "net10.0", "VmUpdate.Shell.dll");
        foreach (string name in new[] { "QuickStart", "QuickStart-Personal", "QuickStart-Master" })
        {
            string script = Path.Combine(root, "PSModule", "examples", name + ".ps1");
            double[] seconds = [.. Enumerable.Range(1, Runs).Select(run => Measure($"dotnet '{program}' '{script}' -LabPath '{Path.Combine(scratch, $"{name}-{run}")}'")).Order()];
            double median = seconds[Runs / 2];
            figures.Add(
                name + ".ps1", $"median of {Runs}, each a process of its own", $"<= {AllowedSeconds:0} s", $"{median:0.0} s ({seconds[0]:0.0}-{seconds[^1]:0.0})", median <= AllowedSeconds);
        }
    }

    private static double Measure(string command)
    {
        var watch = Stopwatch.StartNew();
        Shell.Run(command);
        return watch.Elapsed.TotalSeconds;
    }
}
