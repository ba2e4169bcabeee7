using System.Globalization;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;

namespace VmUpdate.Benchmarks;

/// <summary>A new child with twelve new files, two overwritten ones and seven values in a large hive.</summary>
internal static class ChildBenchmark
{
    private const string Job = "new child + 12 files + 2 overwrites + 7 values";
    private const double AllowedRatio = 6;
    private const double AllowedShare = 1.2;
    private const long AllowedExtra = 4L * 1024 * 1024;
    private const int AllowedFlushes = 12;

    /// <summary>Measures.</summary>
    public static void Run(BenchmarkImage image, string scratch, Figures figures)
    {
        string sources = Directory.CreateDirectory(Path.Combine(scratch, "sources")).FullName;
        DiskJobs.Extract(new HostFileSystem(), image, sources);
        string child = Path.Combine(scratch, "child.vhdx");
        var files = new HostFileSystem();
        Measurement ours = Measurement.Of(() => File.Delete(child), () => DiskJobs.MakeChild(files, image, sources, child));
        figures.Tell(Job, "warm, median of 5", $"{ours.Median:0.000} s ({ours.Spread}), {ours.CpuSeconds:0.000} s CPU");

        File.Delete(child);
        var counting = new CountingFileSystem(new HostFileSystem());
        DiskJobs.MakeChild(counting, image, sources, child);
        figures.Add(Job, "flushes", $"<= {AllowedFlushes}", $"{counting.Flushes}", counting.Flushes <= AllowedFlushes);

        long changed = image.FileBytes + image.Overwritten.Sum(file => file.Length);
        long bound = (long)(changed * AllowedShare) + AllowedExtra;
        long allocated = Allocated(child);
        figures.Add(Job, "allocated on disk", $"<= {Mib(bound)}", $"{Mib(allocated)} for {Mib(changed)} changed", allocated <= bound);

        File.Delete(child);
        (double cold, long _) = ColdProcess.Run("child", image.Folder, sources, child);
        figures.Tell(Job, "cold process", $"{cold:0.00} s");

        string copies = Directory.CreateDirectory(Path.Combine(scratch, "copies")).FullName;
        Measurement theirs = Measurement.Of(
            () => Shell.Run($"rm -rf '{copies}'; mkdir '{copies}'"),
            () => Shell.Run(CopyAndSync(image, sources, copies)));
        double ratio = ours.Median / theirs.Median;
        figures.Add(Job, "of cp + fsync of the same bytes", $"<= {AllowedRatio} x", $"{ratio:0.00} x ({theirs.Median:0.000} s, {theirs.Spread})", ratio <= AllowedRatio);
    }

    private static string CopyAndSync(BenchmarkImage image, string sources, string copies)
    {
        IEnumerable<string> again = image.Overwritten.Select(file => $"cp '{sources}/{Path.GetFileName(file.Path)}' '{copies}/again-{Path.GetFileName(file.Path)}'");
        return $"cp '{sources}'/* '{copies}'\n{string.Join('\n', again)}\nsync '{copies}'/*";
    }

    private static long Allocated(string path) =>
        long.Parse(Shell.Run($"stat -c %b '{path}'"), CultureInfo.InvariantCulture) * 512;

    private static string Mib(long bytes) => $"{bytes / 1048576.0:0.0} MiB";
}
