using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Benchmarks;

/// <summary>Every key and value of a 39 MiB hive, beside hivexml.</summary>
internal static class WalkBenchmark
{
    private const string Job = "walk a 39 MiB hive";
    private const double AllowedSeconds = 0.10;
    private const int AllowedTextTimes = 2;

    /// <summary>Measures.</summary>
    public static void Run(string hive, Figures figures)
    {
        var files = new HostFileSystem();
        (int Keys, int Values, long TextBytes) found = default;
        Measurement ours = Measurement.Of(() => { }, () => found = DiskJobs.Walk(files, hive));
        figures.Add(Job, "warm, median of 5", $"<= {AllowedSeconds:0.00} s", $"{ours.Median:0.000} s ({ours.Spread}), {found.Keys} keys, {found.Values} values", ours.Median <= AllowedSeconds);
        double times = (double)ours.AllocatedBytes / found.TextBytes;
        figures.Add(Job, "allocated, of the text returned", $"<= {AllowedTextTimes} x", $"{times:0.00} x of {found.TextBytes / 1048576.0:0.0} MiB", times <= AllowedTextTimes);
        figures.Tell(Job, "cold process", $"{ColdProcess.Run("walk", hive).Seconds:0.00} s");
        if (Shell.Has("hivexml"))
        {
            Measurement theirs = Measurement.Of(() => { }, () => Shell.Run($"hivexml '{hive}' > /dev/null"));
            figures.Tell(Job, "hivexml in the same run", $"{theirs.Median:0.000} s ({theirs.Spread})");
        }
    }
}
