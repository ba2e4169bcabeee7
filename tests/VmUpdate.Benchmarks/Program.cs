using VmUpdate.Benchmarks;

// dotnet run -c Release --project tests/VmUpdate.Benchmarks [-- FOLDER [JOB ...]]
// FOLDER holds the image, or receives it (16 GiB of address space, about 2 GiB of room); jobs: extract child walk swap scan broker queue agent libvirt quickstart.
const string Prefix = "vmupdate-benchmarks";
if (args is ["--one", ..])
{
    return OneJob.Run(args[1], args[2..]);
}

string folder = args.Length > 0 ? Path.GetFullPath(args[0]) : Path.Combine(Path.GetTempPath(), Prefix);
string[] jobs = args.Length > 1 ? args[1..] : ["extract", "child", "walk", "swap", "scan", "broker", "queue", "agent", "libvirt", "quickstart"];
var image = new Lazy<BenchmarkImage>(() => BenchmarkImage.Open(folder));
var figures = new Figures();
string scratch = Directory.CreateTempSubdirectory(Prefix).FullName;
try
{
    foreach (string job in jobs)
    {
        Console.Error.WriteLine(job);
        switch (job)
        {
            case "extract":
                ExtractBenchmark.Run(image.Value, scratch, figures);
                break;
            case "child":
                ChildBenchmark.Run(image.Value, scratch, figures);
                break;
            case "walk":
                WalkBenchmark.Run(Path.Combine(image.Value.Folder, "hives", "SOFTWARE"), figures);
                break;
            case "scan":
                ScanBenchmark.Run(image.Value, scratch, figures);
                break;
            case "swap":
                SwapBenchmark.Run(figures);
                break;
            case "broker":
                BrokerBenchmark.Run(figures);
                break;
            case "queue":
                QueueBenchmark.Run(scratch, figures);
                break;
            case "agent":
                HostAgentBenchmark.Run(scratch, figures);
                break;
            case "libvirt":
                LibvirtBenchmark.Run(scratch, figures);
                break;
            case "quickstart":
                QuickStartBenchmark.Run(scratch, figures);
                break;
            default:
                Console.Error.WriteLine($"There is no job '{job}'.");
                return 2;
        }
    }
}
finally
{
    Directory.Delete(scratch, recursive: true);
}

figures.Print();
return 0;
