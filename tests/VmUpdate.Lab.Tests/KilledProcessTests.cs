using System.Diagnostics;
using System.Globalization;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Versions;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Lab.Tests;

/// <summary>Processes of their own, killed for real.</summary>
[Trait("Kind", "Crash")]
public sealed class KilledProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task After_a_kill_behind_each_step_the_same_call_finishes_the_swap()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        IReadOnlyList<string> identity = SwapWorld.Describe(await world.BootPathAsync());
        int killed = 0;
        for (int steps = 1; steps <= 20; steps++)
        {
            await world.Lab.SetStateAsync(world.Vm, VmPowerState.Running, CancellationToken.None);
            string old = await world.BootPathAsync();
            string hash = SwapWorld.Sha256(old);
            string goal = SwapWorld.VersionOn(old) == "1.0" ? world.V2 : world.V1;
            world.Store.Dispose();

            using Process process = CrashHost.Start("swap", world.Lab.Folder, "PC-01", goal, steps.ToString(CultureInfo.InvariantCulture));
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.True(process.WaitForExit(Patience));
            bool wasKilled = process.ExitCode is not (0 or 1);
            killed += wasKilled ? 1 : 0;

            world.Reopen();
            world.Identities = world.OpenFolderStore();
            PooledVmUpdateResult result = await world.UpdateAsync(goal);
            Assert.True(
                result.State is PooledVmUpdateState.Updated or PooledVmUpdateState.Current, $"killed behind '{output}': {result.State} {result.Error}");
            string now = await world.BootPathAsync();
            Assert.Equal(identity, SwapWorld.Describe(now));
            Assert.Equal(goal == world.V2 ? "2.0" : "1.0", SwapWorld.VersionOn(now));
            Assert.Equal(hash, SwapWorld.Sha256(old));
            Assert.Equal(VmPowerState.Running, await world.StateAsync());
            Assert.Empty(world.Store.GetOpenSwaps(world.Lab.HostId));
            Assert.Empty(Directory.GetFiles(world.Lab.IdentityFolder, "*.tmp"));
            Assert.Subset(
                world.Store.GetSwaps(world.Vm).Select(swap => swap.BundleId + ".vmidentity").ToHashSet(),
                Directory.GetFiles(world.Lab.IdentityFolder, "*.vmidentity").Select(path => Path.GetFileName(path)).ToHashSet());
            if (!wasKilled)
            {
                break;
            }
        }

        Assert.Equal(9, killed);
    }

    [Fact]
    public async Task After_a_kill_behind_each_step_the_same_call_makes_the_version()
    {
        using VersionWorld world = await VersionWorld.CreateAsync();
        string hash = SwapWorld.Sha256(world.V1);
        int killed = 0;
        for (int steps = 1; steps <= 20; steps++)
        {
            int number = steps + 1;
            await world.ScriptAsync(new LabGuestScript(), $"Lab-v{number}-build");
            string folder = world.Lab.Folder;
            world.Store.Dispose();

            using Process process = CrashHost.Start("build", folder, world.Pool, steps.ToString(CultureInfo.InvariantCulture));
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.True(process.WaitForExit(Patience));
            world.Reopen();
            if (process.ExitCode == 0)
            {
                break;
            }

            killed++;
            ImageVersion version = await world.BuildAsync();
            Assert.Equal((number, version.Path), (version.Number, world.Master));
            Assert.True(SwapWorld.HasFile(version.Path, VersionWorld.ChangedFile), output);
            Assert.Equal([], await world.TracesAsync());
        }

        Assert.Equal(8, killed);
        Assert.Equal(hash, SwapWorld.Sha256(world.V1));
    }

    [Fact]
    public async Task A_second_process_on_one_pool_is_refused_with_who_works_on_it()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        using Process process = CrashHost.Start("hold", world.Lab.Folder, "PC-01", world.V2);
        Assert.Equal("Planned", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => world.UpdateAsync(world.V2));
        Assert.Equal("StoreLeaseHeld", refused.Code);
        Assert.Contains($"process {process.Id} (started {process.StartTime.ToUniversalTime():yyyy-MM-dd HH:mm}", refused.Message, StringComparison.Ordinal);

        process.StandardInput.Close();
        Assert.Contains("Updated", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(process.WaitForExit(Patience));
        Assert.Equal(PooledVmUpdateState.Current, (await world.UpdateAsync(world.V2)).State);
    }
}
