using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Benchmarks;

/// <summary>What the program does when it is its own cold process.</summary>
internal static class OneJob
{
    /// <summary>Runs one job once.</summary>
    /// <param name="job">Its name.</param>
    /// <param name="arguments">Its paths.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string job, string[] arguments)
    {
        var files = new HostFileSystem();
        switch (job)
        {
            case ColdProcess.Nothing:
                break;
            case "extract":
                DiskJobs.Extract(files, BenchmarkImage.Open(arguments[0]), arguments[1]);
                break;
            case "child":
                DiskJobs.MakeChild(files, BenchmarkImage.Open(arguments[0]), arguments[1], arguments[2]);
                break;
            case "walk":
                _ = DiskJobs.Walk(files, arguments[0]);
                break;
            case "scan":
                ScanBenchmark.Scan(files, [arguments[0]]);
                break;
            case QueueBenchmark.BrokerJob:
                QueueBenchmark.RunBroker(arguments[0]);
                return 0;
            default:
                return 2;
        }

        ColdProcess.ReportPeak();
        return 0;
    }
}
