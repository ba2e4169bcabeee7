using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;

namespace VmUpdate.Benchmarks;

/// <summary>Twelve files and seven values out of a disk, beside ntfs-3g over vhdimount.</summary>
internal static class ExtractBenchmark
{
    private const string Job = "extract 12 files + 7 values";
    private const long AllowedExtra = 4L * 1024 * 1024;
    private const double AllowedShare = 1.05;
    private const double AllowedRatio = 0.6;
    private const long AllowedMemory = 60L * 1024 * 1024;

    /// <summary>Measures.</summary>
    public static void Run(BenchmarkImage image, string scratch, Figures figures)
    {
        string target = Directory.CreateDirectory(Path.Combine(scratch, "extracted")).FullName;
        var files = new HostFileSystem();
        Measurement ours = Measurement.Of(() => { }, () => DiskJobs.Extract(files, image, target));
        figures.Tell(Job, "warm, median of 5", $"{ours.Median:0.000} s ({ours.Spread}), {ours.CpuSeconds:0.000} s CPU");

        var counting = new CountingFileSystem(new HostFileSystem());
        DiskJobs.Extract(counting, image, target);
        long read = counting.BytesRead;
        long bound = (long)(image.FileBytes * AllowedShare) + AllowedExtra;
        figures.Add(Job, "host bytes read", $"<= {Mib(bound)}", $"{Mib(read)} for {Mib(image.FileBytes)} of files", read <= bound);

        (double nothing, long empty) = ColdProcess.Run(ColdProcess.Nothing);
        (double cold, long peak) = ColdProcess.Run("extract", image.Folder, target);
        figures.Tell(Job, "cold process", $"{cold:0.00} s (the runtime alone {nothing:0.00} s)");
        figures.Add(Job, "memory over the runtime's own", $"<= {Mib(AllowedMemory)}", Mib(peak - empty), peak - empty <= AllowedMemory);

        if (!Shell.Has("vhdimount", "ntfs-3g", "losetup", "hivexget"))
        {
            figures.Tell(Job, "peer", "not measured: vhdimount, ntfs-3g, losetup or hivexget is absent");
            return;
        }

        using var peer = new MountedPeer(image, scratch);
        Measurement theirs = Measurement.Of(peer.Remount, peer.Extract);
        double ratio = ours.Median / theirs.Median;
        figures.Add(
            Job, "of ntfs-3g over vhdimount", $"<= {AllowedRatio} x", $"{ratio:0.00} x ({theirs.Median:0.000} s, {theirs.Spread})", ratio <= AllowedRatio);
    }

    private static string Mib(long bytes) => $"{bytes / 1048576.0:0.0} MiB";
}
