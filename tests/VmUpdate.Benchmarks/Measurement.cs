using System.Diagnostics;

namespace VmUpdate.Benchmarks;

/// <summary>What several runs of one job took.</summary>
internal sealed record Measurement(double[] Seconds, double CpuSeconds, long AllocatedBytes)
{
    private const int Runs = 5;

    /// <summary>The middle of the runs, in seconds.</summary>
    public double Median => Seconds.Order().ElementAt(Seconds.Length / 2);

    /// <summary>The fastest and the slowest run, for a word on noise.</summary>
    public string Spread => $"{Seconds.Min():0.000}-{Seconds.Max():0.000}";

    /// <summary>Runs a job once to warm up and then five times.</summary>
    /// <param name="prepare">What comes before each run and is not counted.</param>
    /// <param name="job">The job.</param>
    /// <returns>The times; of processor time and allocations the median.</returns>
    public static Measurement Of(Action prepare, Action job)
    {
        prepare();
        job();
        var runs = new List<(double Wall, double Cpu, long Bytes)>();
        for (int i = 0; i < Runs; i++)
        {
            prepare();
            GC.Collect();
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            job();
            double wall = clock.Elapsed.TotalSeconds;
            runs.Add((
                wall,
                (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds,
                GC.GetTotalAllocatedBytes(precise: true) - allocated));
        }

        return new Measurement(
            [.. runs.Select(run => run.Wall)],
            runs.Select(run => run.Cpu).Order().ElementAt(Runs / 2),
            runs.Select(run => run.Bytes).Order().ElementAt(Runs / 2));
    }
}
