using System.Diagnostics;
using VmUpdate.Core.Images;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class SwapCostTests
{
    private const int MaxFlushes = 16;
    private const long MaxBytesWritten = 8 << 20;

    [Fact]
    public async Task A_swap_waits_seldom_for_the_disk_and_writes_little()
    {
        var files = new CountingFileSystem(new HostFileSystem());
        using SwapWorld world = await SwapWorld.CreateAsync(files: files);
        string[] masters = [world.V2, world.V1];
        for (int round = 0; round < 6; round++)
        {
            world.Identities = world.OpenFolderStore();
            files.Reset();
            int commits = world.Store.CommitCount;
            TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            PooledVmUpdateResult result = await world.UpdateAsync(masters[round % 2]);
            TimeSpan elapsed = watch.Elapsed;
            cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
            commits = world.Store.CommitCount - commits;

            Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
            TestContext.Current.SendDiagnosticMessage(
                $"swap {round}: {cpu.TotalMilliseconds:0.0} ms CPU of the whole process, {elapsed.TotalMilliseconds:0.0} ms, "
                + $"{files.Flushes} flushes of files + {commits} commits, {files.BytesWritten >> 10} KiB written, {files.BytesRead >> 10} KiB read");
            if (round > 0)
            {
                // The first one also makes the key of the identity store.
                Assert.True(files.Flushes + commits <= MaxFlushes, $"{files.Flushes} flushes and {commits} commits");
                Assert.True(files.BytesWritten <= MaxBytesWritten, $"{files.BytesWritten} bytes written");
            }
        }
    }
}
