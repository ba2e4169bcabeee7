using VmUpdate.Core.Images;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.Benchmarks;

/// <summary>The whole swap of one machine in a lab whose power states take no time.</summary>
internal static class SwapBenchmark
{
    private const string Job = "whole swap of a VM in the lab";
    private const double AllowedCpuSeconds = 0.015;
    private const int AllowedFlushes = 16;
    private const long AllowedBytes = 8L << 20;
    private const int Machines = 20;

    // Until the runtime has compiled the last of it anew: measured too early, its compiler is most of the time.
    private const int WarmUpRuns = 40;

    /// <summary>Measures.</summary>
    public static void Run(Figures figures)
    {
        var files = new CountingFileSystem(new HostFileSystem());
        using SwapWorld world = SwapWorld.CreateAsync(Machines, files).GetAwaiter().GetResult();
        string[] masters = [world.V2, world.V1];
        int round = 0;

        void Swap(int machine)
        {
            PooledVmUpdateResult result = world.UpdateAsync(masters[round % masters.Length], vm: world.Contents.Pooled[machine]).GetAwaiter().GetResult();
            if (result.State != PooledVmUpdateState.Updated)
            {
                throw new InvalidOperationException(result.Error);
            }
        }

        // One swap is too short for the processor's clock to tell: a run is one of each of twenty machines.
        void SwapAll()
        {
            for (int machine = 0; machine < Machines; machine++)
            {
                world.Identities = world.OpenFolderStore();
                Swap(machine);
            }

            round++;
        }

        for (int i = 0; i < WarmUpRuns; i++)
        {
            SwapAll();
        }

        Measurement ours = Measurement.Of(() => { }, SwapAll);
        double cpu = ours.CpuSeconds / Machines;
        figures.Tell(Job, "allocated", $"{ours.AllocatedBytes / Machines / 1048576.0:0.0} MiB");
        const double toMilliseconds = 1000.0 / Machines;
        figures.Add(Job, "CPU", $"<= {AllowedCpuSeconds * 1000:0} ms", $"{cpu * 1000:0.0} ms", cpu <= AllowedCpuSeconds);
        figures.Tell(
            Job,
            "warm, median of 5 runs of 20 machines",
            $"{ours.Median * toMilliseconds:0.0} ms ({ours.Seconds.Min() * toMilliseconds:0.0}-{ours.Seconds.Max() * toMilliseconds:0.0} ms)");

        files.Reset();
        int commits = world.Store.CommitCount;
        Swap(0);
        int flushes = files.Flushes + world.Store.CommitCount - commits;
        figures.Add(Job, "flushes, the store's commits among them", $"<= {AllowedFlushes}", $"{flushes}", flushes <= AllowedFlushes);
        figures.Add(Job, "written to disks and bundle", $"<= {AllowedBytes >> 20} MiB", $"{files.BytesWritten / 1048576.0:0.00} MiB", files.BytesWritten <= AllowedBytes);
    }
}
