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
    private const int WarmUps = 20;

    /// <summary>Measures.</summary>
    public static void Run(Figures figures)
    {
        var files = new CountingFileSystem(new HostFileSystem());
        using SwapWorld world = SwapWorld.CreateAsync(files: files).GetAwaiter().GetResult();
        string[] masters = [world.V2, world.V1];
        int round = 0;

        void Swap()
        {
            PooledVmUpdateResult result = world.UpdateAsync(masters[round++ % masters.Length]).GetAwaiter().GetResult();
            if (result.State != PooledVmUpdateState.Updated)
            {
                throw new InvalidOperationException(result.Error);
            }
        }

        void OpenStore() => world.Identities = world.OpenFolderStore();

        for (int i = 0; i < WarmUps; i++)
        {
            OpenStore();
            Swap();
        }

        Measurement ours = Measurement.Of(OpenStore, Swap);
        figures.Add(Job, "CPU, middle of 5", $"<= {AllowedCpuSeconds * 1000:0} ms", $"{ours.CpuSeconds * 1000:0} ms", ours.CpuSeconds <= AllowedCpuSeconds);
        figures.Tell(Job, "warm, median of 5", $"{ours.Median * 1000:0} ms ({ours.Seconds.Min() * 1000:0}-{ours.Seconds.Max() * 1000:0} ms)");

        files.Reset();
        int commits = world.Store.CommitCount;
        Swap();
        int flushes = files.Flushes + world.Store.CommitCount - commits;
        figures.Add(Job, "flushes, the store's commits among them", $"<= {AllowedFlushes}", $"{flushes}", flushes <= AllowedFlushes);
        figures.Add(Job, "written to disks and bundle", $"<= {AllowedBytes >> 20} MiB", $"{files.BytesWritten / 1048576.0:0.00} MiB", files.BytesWritten <= AllowedBytes);
    }
}
