using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class RestoreTests : IAsyncLifetime
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
    [InlineData(false, VmPowerState.Off)]
    [InlineData(false, VmPowerState.Running)]
    [InlineData(true, VmPowerState.Off)]
    public async Task The_way_back_is_a_child_of_the_old_disk_which_stays_as_it_is(bool asItWas, VmPowerState state)
    {
        string first = await _world.BootPathAsync();
        IReadOnlyList<string> identity = SwapWorld.Describe(first);
        await _world.UpdateAsync(_world.V2);
        string second = await _world.BootPathAsync();
        Dictionary<string, string> before = _world.HashDisks();
        await _world.Lab.SetStateAsync(_world.Vm, state, None);

        PooledVmUpdateResult back = await _world.RestoreAsync(new SwapOptions { AsItWas = asItWas });

        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (back.State, back.Error));
        string third = await _world.BootPathAsync();
        Assert.Equal((first, second, 3), (back.To, back.OldDisk, back.Revision));
        Assert.Equal("1.0", SwapWorld.VersionOn(third));
        Assert.Equal(identity, SwapWorld.Describe(third));
        Assert.Equal(state, await _world.StateAsync());
        foreach ((string path, string hash) in before)
        {
            Assert.Equal(hash, SwapWorld.Sha256(path));
        }
    }

    [Fact]
    public async Task From_the_way_back_the_way_forth_is_open_again()
    {
        await _world.UpdateAsync(_world.V2);
        await _world.RestoreAsync();
        PooledVmUpdateResult forth = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.Updated, 4), (forth.State, forth.Revision));
        Assert.Equal("2.0", SwapWorld.VersionOn(forth.DiskPath));
        Assert.Equal(PooledVmUpdateState.Updated, (await _world.RestoreAsync()).State);
    }

    [Fact]
    public async Task The_way_back_is_gone_once_however_often_it_is_called()
    {
        await _world.UpdateAsync(_world.V2);
        await _world.RestoreAsync();
        string disk = await _world.BootPathAsync();
        PooledVmUpdateResult again = await _world.RestoreAsync();
        Assert.Equal((PooledVmUpdateState.Current, disk), (again.State, await _world.BootPathAsync()));
    }

    [Fact]
    public async Task A_machine_that_was_not_swapped_has_no_way_back()
    {
        PooledVmUpdateResult back = await _world.RestoreAsync();
        Assert.Equal((PooledVmUpdateState.Blocked, "NoOldDisk"), (back.State, back.ErrorId));
    }

    [Fact]
    public async Task Old_disks_go_after_their_time_and_not_before()
    {
        string first = await _world.BootPathAsync();
        await _world.UpdateAsync(_world.V2);
        PooledImageUpdater updater = _world.Updater();

        OldDiskResult early = (await updater.RemoveOldDisksAsync(VmSelection.All, beforeTime: false, None)).Single();
        Assert.Equal((false, "KeptLonger"), (early.Removed, early.ErrorId));
        Assert.True(File.Exists(first));

        _world.Clock.Advance(TimeSpan.FromDays(15));
        Assert.True((await updater.GetOldDisksAsync(VmSelection.All, beforeTime: false, None)).Single().Removable);
        Assert.True(File.Exists(first));
        Assert.True((await updater.RemoveOldDisksAsync(VmSelection.All, beforeTime: false, None)).Single().Removed);
        Assert.False(File.Exists(first));
        Assert.Empty(await updater.RemoveOldDisksAsync(VmSelection.All, beforeTime: false, None));
        Assert.True(File.Exists(await _world.BootPathAsync()));
        Assert.Equal("NoOldDisk", (await _world.RestoreAsync()).ErrorId);
    }

    [Fact]
    public async Task A_parent_of_an_attached_disk_is_never_removed()
    {
        string first = await _world.BootPathAsync();
        await _world.UpdateAsync(_world.V2);
        string second = await _world.BootPathAsync();
        await _world.RestoreAsync();
        _world.Clock.Advance(TimeSpan.FromDays(100));
        IReadOnlyList<OldDiskResult> results = await _world.Updater().RemoveOldDisksAsync(VmSelection.All, beforeTime: true, None);
        Assert.Equal([(second, true, string.Empty), (first, false, "DiskInUse")], results.Select(r => (r.Path, r.Removed, r.ErrorId)));
        Assert.True(File.Exists(first));
    }

    [Fact]
    public async Task An_old_disk_that_somebody_attached_is_never_removed()
    {
        string first = await _world.BootPathAsync();
        await _world.UpdateAsync(_world.V2);
        _world.Lab.AddMachine("other", [new LabDisk(DiskController.Scsi, 0, 0, first, 0)]);
        OldDiskResult result = (await _world.Updater().RemoveOldDisksAsync(VmSelection.All, beforeTime: true, None)).Single();
        Assert.Equal((false, "DiskInUse"), (result.Removed, result.ErrorId));
        Assert.True(File.Exists(first));
        Assert.Equal(DiskRevisionState.Kept, _world.Store.GetRevisions(_world.Vm)[0].State);
    }
}
