using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class PoolRunTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private SwapWorld _world = null!;

    private VmSelection Pool => VmSelection.ByPool(_world.Contents.Pool);

    public async ValueTask InitializeAsync() => _world = await SwapWorld.CreateAsync(pooled: 5);

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_pool_is_moved_and_each_machine_keeps_its_own(int throttle)
    {
        var before = new Dictionary<Guid, IReadOnlyList<string>>();
        foreach (VmKey vm in _world.Contents.Pooled)
        {
            before.Add(vm.VmId, SwapWorld.Describe(await _world.BootPathAsync(vm)));
        }

        await _world.Lab.SetCheckpointsAsync(_world.Contents.Pooled[1], true, None);
        var news = new List<SwapProgress>();
        IReadOnlyList<PooledVmUpdateResult> results = await _world.Updater().UpdateAsync(
            Pool,
            new SwapOptions { MasterPath = _world.V2, ThrottleLimit = throttle },
            new Collector(news),
            None);

        Assert.Equal(["PC-01", "PC-02", "PC-03", "PC-04", "PC-05"], results.Select(result => result.VMName));
        Assert.Equal("VmHasCheckpoints", results[1].ErrorId);
        foreach (PooledVmUpdateResult result in results.Where(result => result.VMName != "PC-02"))
        {
            Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
            Assert.Equal(before[result.VMId], SwapWorld.Describe(result.DiskPath));
        }

        Assert.Equal(5, news.Count(n => n.Result is not null));
        Assert.Equal(5, news.Max(n => n.Done));
    }

    [Fact]
    public async Task A_run_stops_after_the_failures_it_was_allowed()
    {
        _world.OnCall = (call, isAfter) =>
        {
            if (call.Operation == "SwitchDisk" && !isAfter)
            {
                throw new HypervisorException(HypervisorFailure.OperationFailed, "x", "no.");
            }
        };
        IReadOnlyList<PooledVmUpdateResult> results = await _world.Updater().UpdateAsync(
            Pool, new SwapOptions { MasterPath = _world.V2, StopOnFailureCount = 2 }, null, None);
        Assert.Equal(
            ["OperationFailed", "OperationFailed", "Stopped", "Stopped", "Stopped"], results.Select(result => result.ErrorId));
        Assert.Equal(PooledVmUpdateState.NotStarted, results[4].State);
    }

    [Fact]
    public async Task A_run_that_is_ended_puts_the_machine_in_work_back_and_begins_no_other()
    {
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        using var ended = new CancellationTokenSource();
        string disk = await _world.BootPathAsync();
        IReadOnlyList<PooledVmUpdateResult> results = await _world.Updater().UpdateAsync(
            Pool,
            new SwapOptions { MasterPath = _world.V2 },
            new Collector([], news =>
            {
                if (news.State == SwapState.IdentityRestored)
                {
                    ended.Cancel();
                }
            }),
            ended.Token);
        Assert.Equal((PooledVmUpdateState.RolledBack, "Canceled"), (results[0].State, results[0].ErrorId));
        Assert.All(results.Skip(1), result => Assert.Equal((PooledVmUpdateState.NotStarted, "Canceled"), (result.State, result.ErrorId)));
        Assert.Equal(VmPowerState.Running, await _world.StateAsync());
        Assert.Equal(disk, await _world.BootPathAsync());
        Assert.Equal(5, Directory.GetFiles(_world.Lab.DiskFolder).Length);
    }

    [Fact]
    public async Task A_pool_that_is_being_worked_on_is_refused()
    {
        using (_world.Store.AcquireLease($"pool {_world.Contents.Pool} of {_world.Lab.HostId}", "test"))
        {
            StoreException failure = await Assert.ThrowsAsync<StoreException>(
                () => _world.Updater().UpdateAsync(Pool, new SwapOptions { MasterPath = _world.V2 }, null, None));
            Assert.Equal("StoreLeaseHeld", failure.Code);
        }

        Assert.Equal(5, (await _world.Updater().UpdateAsync(Pool, new SwapOptions { MasterPath = _world.V2 }, null, None)).Count);
    }

    [Fact]
    public async Task A_preflight_says_what_would_be_done_and_does_nothing()
    {
        await _world.Lab.SetStateAsync(_world.Contents.Pooled[1], VmPowerState.Running, None);
        await _world.Lab.SetStateAsync(_world.Contents.Pooled[2], VmPowerState.Saved, None);
        await _world.Lab.SetCheckpointsAsync(_world.Contents.Pooled[3], true, None);
        Dictionary<string, string> before = _world.HashDisks();
        int calls = _world.Calls.Count;

        IReadOnlyList<PreflightResult> results = await _world.Updater().PreflightAsync(Pool, new SwapOptions { MasterPath = _world.V2 }, progress: null, None);

        Assert.Equal(before, _world.HashDisks());
        Assert.All(_world.Calls.Skip(calls), call => Assert.Contains(call.Operation, new[] { "List", "ListDisks", "GetDisks", "GetSessions", "Get" }));
        Assert.NotEqual(PreflightVerdict.Blocked, results[0].Verdict);
        Assert.Contains("computer-name", results[0].Carried);
        Assert.Contains("defender-for-endpoint", results[0].Stripped);
        Assert.False(results[0].CheckedWhenStopped);
        Assert.True(results[1].CheckedWhenStopped);
        Assert.Contains(results[2].Steps, step => step.Contains("shut the guest", StringComparison.Ordinal));
        Assert.Equal((PreflightVerdict.Blocked, "VmHasCheckpoints"), (results[3].Verdict, results[3].Findings[0].Id));
        Assert.NotEmpty(results[3].Remedy);
        Assert.Equal((_world.V1, _world.V2), (results[0].From, results[0].To));
    }

    private sealed class Collector(List<SwapProgress> news, Action<SwapProgress>? more = null) : IProgress<SwapProgress>
    {
        public void Report(SwapProgress value)
        {
            lock (news)
            {
                news.Add(value);
            }

            more?.Invoke(value);
        }
    }
}
