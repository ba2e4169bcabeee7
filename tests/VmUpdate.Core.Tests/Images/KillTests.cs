using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

/// <summary>A process that dies anywhere in a swap, and the same call made again.</summary>
public sealed class KillTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private SwapWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await SwapWorld.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(VmPowerState.Off)]
    [InlineData(VmPowerState.Running)]
    [InlineData(VmPowerState.Saved)]
    public async Task After_a_kill_behind_any_step_the_same_call_finishes_the_swap(VmPowerState state)
    {
        await ForEachKillAsync(state, (kill, goal) =>
        {
            int steps = 0;
            return _world.UpdateAsync(goal, progress: news =>
            {
                if (news.State is not null && steps++ == kill)
                {
                    throw new KilledException(news.State.ToString()!);
                }
            });
        });
    }

    [Theory]
    [InlineData(VmPowerState.Off, false)]
    [InlineData(VmPowerState.Off, true)]
    [InlineData(VmPowerState.Running, false)]
    [InlineData(VmPowerState.Running, true)]
    [InlineData(VmPowerState.Paused, true)]
    [InlineData(VmPowerState.Saved, true)]
    public async Task After_a_kill_at_any_call_to_the_host_the_same_call_finishes_the_swap(VmPowerState state, bool isAfterCall)
    {
        await ForEachKillAsync(state, async (kill, goal) =>
        {
            int calls = 0;
            _world.OnCall = (call, isAfter) =>
            {
                if (isAfter == isAfterCall && calls++ == kill)
                {
                    throw new KilledException(call.Operation);
                }
            };
            try
            {
                return await _world.UpdateAsync(goal);
            }
            finally
            {
                _world.OnCall = null;
            }
        });
    }

    [Fact]
    public async Task A_kill_on_the_way_back_is_finished_by_the_same_call()
    {
        for (int kill = 0; ; kill++)
        {
            await _world.UpdateAsync(_world.V2);
            string old = _world.Store.GetRevisions(_world.Vm).Single(r => r.State == DiskRevisionState.Current).Path;
            int steps = 0;
            bool wasKilled = false;
            try
            {
                await _world.RestoreAsync(progress: news =>
                {
                    if (news.State is not null && steps++ == kill)
                    {
                        throw new KilledException("back");
                    }
                });
            }
            catch (KilledException)
            {
                wasKilled = true;
                _world.Reopen();
                await _world.RestoreAsync();
            }

            Assert.Null(_world.Store.FindOpenSwap(_world.Vm));
            Assert.Equal("1.0", SwapWorld.VersionOn(await _world.BootPathAsync()));
            Assert.True(File.Exists(old));
            if (!wasKilled)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_call_that_fails_once_anywhere_ends_finished_or_put_back()
    {
        for (int fault = 0; fault < 200; fault++)
        {
            await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
            string old = await _world.BootPathAsync();
            string hash = SwapWorld.Sha256(old);
            string goal = SwapWorld.VersionOn(old) == "1.0" ? _world.V2 : _world.V1;
            int calls = 0;
            bool hasFailed = false;
            _world.OnCall = (call, isAfter) =>
            {
                if (calls++ == fault)
                {
                    hasFailed = true;
                    throw new HypervisorException(HypervisorFailure.OperationFailed, call.Operation, "it failed once.");
                }
            };
            PooledVmUpdateResult? result = null;
            try
            {
                result = await _world.UpdateAsync(goal);
            }
            catch (HypervisorException)
            {
                // The list of machines itself failed: then nothing was begun.
            }

            _world.OnCall = null;
            Assert.Equal(hash, SwapWorld.Sha256(old));
            if (result is null or { State: PooledVmUpdateState.Blocked or PooledVmUpdateState.RolledBack })
            {
                Assert.Equal(old, await _world.BootPathAsync());
                Assert.Equal(VmPowerState.Running, await _world.StateAsync());
                Assert.Null(_world.Store.FindOpenSwap(_world.Vm));
            }

            PooledVmUpdateResult again = await _world.UpdateAsync(goal);
            Assert.True(
                again.State is PooledVmUpdateState.Updated or PooledVmUpdateState.Current, $"fault {fault}: {again.State} {again.Error}");
            Assert.Equal(VmPowerState.Running, await _world.StateAsync());
            Assert.Equal(hash, SwapWorld.Sha256(old));
            if (!hasFailed)
            {
                return;
            }
        }

        Assert.Fail("The faults never came to an end.");
    }

    /// <summary>Kills at 0, 1, 2... until nothing is left to be killed at; the machine goes back and forth between the masters.</summary>
    private async Task ForEachKillAsync(VmPowerState state, Func<int, string, Task<PooledVmUpdateResult>> update)
    {
        IReadOnlyList<string> identity = SwapWorld.Describe(await _world.BootPathAsync());
        string masters = SwapWorld.Sha256(_world.V1) + SwapWorld.Sha256(_world.V2);
        for (int kill = 0; kill < 200; kill++)
        {
            await _world.Lab.SetStateAsync(_world.Vm, state, None);
            string old = await _world.BootPathAsync();
            string hash = SwapWorld.Sha256(old);
            string goal = SwapWorld.VersionOn(old) == "1.0" ? _world.V2 : _world.V1;
            string where = "nowhere";
            try
            {
                await update(kill, goal);
            }
            catch (KilledException killed)
            {
                where = killed.Message;
                _world.Reopen();
            }

            PooledVmUpdateResult result = await _world.UpdateAsync(goal);
            Assert.True(
                result.State is PooledVmUpdateState.Updated or PooledVmUpdateState.Current, $"{kill} {where}: {result.State} {result.Error}");
            string now = await _world.BootPathAsync();
            Assert.NotEqual(old, now);
            Assert.Equal(identity, SwapWorld.Describe(now));
            Assert.Equal(goal == _world.V2 ? "2.0" : "1.0", SwapWorld.VersionOn(now));
            Assert.Equal(hash, SwapWorld.Sha256(old));
            Assert.True(state == await _world.StateAsync(), $"{kill} {where}: {await _world.StateAsync()} instead of {state}");
            Assert.Empty(_world.Store.GetOpenSwaps(_world.Lab.HostId));

            // No half-made disk is left behind.
            Assert.Equal(
                _world.Store.GetRevisions(_world.Vm).Select(revision => revision.Path).Order(),
                Directory.GetFiles(_world.Lab.DiskFolder).Order());
            if (where == "nowhere")
            {
                Assert.Equal(masters, SwapWorld.Sha256(_world.V1) + SwapWorld.Sha256(_world.V2));
                return;
            }
        }

        Assert.Fail("The kills never came to an end.");
    }
}
