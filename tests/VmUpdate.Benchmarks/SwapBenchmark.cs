using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
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
    private const int WarmUpRuns = 60;

    /// <summary>Measures.</summary>
    public static void Run(Figures figures)
    {
        var files = new CountingFileSystem(new HostFileSystem());
        using SwapWorld world = SwapWorld.CreateAsync(Machines, files).GetAwaiter().GetResult();
        string[] masters = [world.V2, world.V1];
        int round = 0;

        void Swap(VmSelection machines)
        {
            world.Identities = world.OpenFolderStore();
            var options = new SwapOptions { MasterPath = masters[round % masters.Length] };
            IReadOnlyList<PooledVmUpdateResult> results = world.Updater().UpdateAsync(machines, options, null, CancellationToken.None).GetAwaiter().GetResult();
            if (results.FirstOrDefault(result => result.State != PooledVmUpdateState.Updated) is { } failed)
            {
                throw new InvalidOperationException(failed.Error);
            }
        }

        // One swap is too short for the processor's clock to tell: a run is a pool of twenty.
        void SwapPool()
        {
            Swap(VmSelection.ByPool(world.Contents.Pool));
            round++;
        }

        void SwapOneByOne()
        {
            foreach (VmKey vm in world.Contents.Pooled)
            {
                Swap(VmSelection.ById(vm.VmId));
            }

            round++;
        }

        for (int i = 0; i < WarmUpRuns; i++)
        {
            SwapPool();
        }

        Measurement ours = Measurement.Of(() => { }, SwapPool);
        double cpu = ours.CpuSeconds / Machines;
        figures.Tell(Job, "allocated", $"{ours.AllocatedBytes / Machines / 1048576.0:0.0} MiB");
        const double toMilliseconds = 1000.0 / Machines;
        figures.Add(Job, "CPU", $"<= {AllowedCpuSeconds * 1000:0} ms", $"{cpu * 1000:0.0} ms", cpu <= AllowedCpuSeconds);
        figures.Tell(
            Job,
            "warm, median of 5 runs of a pool of 20",
            $"{ours.Median * toMilliseconds:0.0} ms ({ours.Seconds.Min() * toMilliseconds:0.0}-{ours.Seconds.Max() * toMilliseconds:0.0} ms)");

        Measurement single = Measurement.Of(() => { }, SwapOneByOne);
        figures.Tell(Job, "each by a call of its own: CPU", $"{single.CpuSeconds * toMilliseconds:0.0} ms");

        files.Reset();
        int commits = world.Store.CommitCount;
        Swap(VmSelection.ById(world.Vm.VmId));
        int flushes = files.Flushes + world.Store.CommitCount - commits;
        figures.Add(Job, "flushes, the store's commits among them", $"<= {AllowedFlushes}", $"{flushes}", flushes <= AllowedFlushes);
        figures.Add(Job, "written to disks and bundle", $"<= {AllowedBytes >> 20} MiB", $"{files.BytesWritten / 1048576.0:0.00} MiB", files.BytesWritten <= AllowedBytes);
    }
}
