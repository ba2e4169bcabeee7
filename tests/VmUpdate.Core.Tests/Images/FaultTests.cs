using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class FaultTests
{
    [Theory]
    [InlineData(HostFileFailure.DiskFull, VmPowerState.Running)]
    [InlineData(HostFileFailure.Io, VmPowerState.Off)]
    public async Task A_write_that_fails_anywhere_puts_the_machine_back_as_it_was(HostFileFailure failure, VmPowerState state)
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        for (int fault = 1; fault < 500; fault++)
        {
            await world.Lab.SetStateAsync(world.Vm, state, CancellationToken.None);
            string old = await world.BootPathAsync();
            string hash = SwapWorld.Sha256(old);
            var files = new FaultingFileSystem(new HostFileSystem()) { Failure = failure };
            world.Files = files;
            world.Reopen();
            world.Identities = world.OpenFolderStore();
            string[] before = Directory.GetFiles(world.Lab.DiskFolder);
            files.FailAt = files.Changes + fault;
            PooledVmUpdateResult result = await world.UpdateAsync(SwapWorld.VersionOn(old) == "1.0" ? world.V2 : world.V1);
            bool hasFailed = files.Changes >= files.FailAt;
            Assert.Equal(hash, SwapWorld.Sha256(old));
            Assert.Equal(state, await world.StateAsync());
            if (result.State == PooledVmUpdateState.Updated)
            {
                if (hasFailed)
                {
                    continue;
                }

                return;
            }

            if (result.State == PooledVmUpdateState.Failed)
            {
                // Only what comes after the switch may be left to the next call.
                files.FailAt = 0;
                Assert.Equal(PooledVmUpdateState.Updated, (await world.UpdateAsync(result.To)).State);
                continue;
            }

            Assert.Equal((PooledVmUpdateState.RolledBack, $"HostFile{failure}"), (result.State, result.ErrorId));
            Assert.Equal(old, await world.BootPathAsync());
            Assert.Equal(before.Order(), Directory.GetFiles(world.Lab.DiskFolder).Order());
            Assert.Empty(world.Store.GetOpenSwaps(world.Lab.HostId));
        }

        Assert.Fail("The faults never came to an end.");
    }

    [Fact]
    public async Task From_the_stop_to_the_switch_nobody_can_start_the_machine()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        var refused = new List<SwapState>();
        PooledVmUpdateResult result = await world.UpdateAsync(world.V2, progress: news =>
        {
            if (news.State is SwapState.IdentityRestored or SwapState.DiskSwitched)
            {
                HypervisorException failure = Assert.Throws<HypervisorException>(
                    () => world.Lab.StartAsync(world.Vm, CancellationToken.None).GetAwaiter().GetResult());
                Assert.Equal(HypervisorFailure.DiskNotUsable, failure.Failure);
                refused.Add(news.State.Value);
            }
        });
        Assert.Equal(PooledVmUpdateState.Updated, result.State);
        Assert.Equal([SwapState.IdentityRestored, SwapState.DiskSwitched], refused);
    }

    [Fact]
    public async Task A_bug_looks_like_one_and_is_in_the_journal()
    {
        using SwapWorld world = await SwapWorld.CreateAsync();
        await Assert.ThrowsAsync<KilledException>(() => world.UpdateAsync(world.V2, progress: news =>
        {
            if (news.State == SwapState.IdentityRestored)
            {
                throw new KilledException("a bug");
            }
        }));
        SwapRecord open = world.Store.FindOpenSwap(world.Vm)!;
        Assert.Equal(("Bug", SwapState.IdentityRestored), (open.ErrorId, open.State));
        Assert.Equal(PooledVmUpdateState.Updated, (await world.UpdateAsync(world.V2)).State);
        Assert.Empty(world.Store.GetSwaps(world.Vm).Single().ErrorId);
    }
}
