using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class UpdateTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private SwapWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await SwapWorld.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_machine_keeps_its_identity_and_gets_the_new_programs()
    {
        string old = await _world.BootPathAsync();
        IReadOnlyList<string> before = SwapWorld.Describe(old);
        Dictionary<string, string> disks = _world.HashDisks();

        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);

        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
        string now = await _world.BootPathAsync();
        Assert.Equal(now, result.DiskPath);
        Assert.Matches(@"PC-01\.r2\.[0-9a-f]{8}\.vhdx$", now);
        Assert.Equal("2.0", SwapWorld.VersionOn(now));
        Assert.Equal(before, SwapWorld.Describe(now));
        foreach ((string path, string hash) in disks)
        {
            Assert.Equal(hash, SwapWorld.Sha256(path));
        }

        Assert.Equal((_world.V1, _world.V2, old), (result.From, result.To, result.OldDisk));
        Assert.Contains("computer-name", result.SetsCarried);
        Assert.Contains("defender-for-endpoint", result.SetsStripped);
        Assert.Equal(_world.Clock.UtcNow + TimeSpan.FromDays(14), result.KeptUntil);
        Assert.Empty(Directory.GetFiles(_world.Lab.DiskFolder).Except([old, now]));
    }

    [Theory]
    [InlineData(VmPowerState.Off, "Disk")]
    [InlineData(VmPowerState.Running, "Guest")]
    [InlineData(VmPowerState.Saved, "Guest")]
    [InlineData(VmPowerState.Paused, "Guest")]
    public async Task The_machine_is_put_back_into_the_state_it_was_found_in(VmPowerState state, string verifiedBy)
    {
        await _world.Lab.SetStateAsync(_world.Vm, state, None);
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
        Assert.Equal(state, await _world.StateAsync());
        Assert.Equal(verifiedBy, result.VerifiedBy);
        Assert.DoesNotContain(_world.Calls, call => call.Operation == "TurnOff");
    }

    [Fact]
    public async Task Every_step_is_in_the_journal_in_order()
    {
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        var reported = new List<SwapState>();
        await _world.UpdateAsync(_world.V2, progress: news =>
        {
            if (news.State is { } state)
            {
                // The news comes after the journal has it.
                Assert.Contains(state, _world.Store.GetSteps(_world.Store.GetSwaps(_world.Vm).Single().Id).Select(step => step.State));
                reported.Add(state);
            }
        });
        SwapState[] all =
        [
            SwapState.Planned, SwapState.NewDiskPrepared, SwapState.VmStopped, SwapState.IdentityPreserved, SwapState.IdentityRestored,
            SwapState.DiskSwitched, SwapState.VmStarted, SwapState.Verified, SwapState.Committed,
        ];
        Assert.Equal(all, reported);
        SwapRecord swap = _world.Store.GetSwaps(_world.Vm).Single();
        Assert.Equal(all, _world.Store.GetSteps(swap.Id).Select(step => step.State));
        Assert.NotNull(swap.Ended);
        Assert.Equal(VmPowerState.Running, swap.PowerFound);
    }

    [Fact]
    public async Task A_machine_on_that_master_already_is_left_alone()
    {
        await _world.UpdateAsync(_world.V2);
        string disk = await _world.BootPathAsync();
        foreach (VmPowerState state in new[] { VmPowerState.Off, VmPowerState.Running, VmPowerState.Saved })
        {
            await _world.Lab.SetStateAsync(_world.Vm, state, None);
            PooledVmUpdateResult again = await _world.UpdateAsync(_world.V2);
            Assert.Equal((PooledVmUpdateState.Current, disk), (again.State, again.DiskPath));
            Assert.Equal(state, await _world.StateAsync());
        }
    }

    [Fact]
    public async Task Numbers_and_former_disks_are_known_afterwards()
    {
        string first = await _world.BootPathAsync();
        await _world.UpdateAsync(_world.V2);
        string second = await _world.BootPathAsync();
        await _world.UpdateAsync(_world.V1);
        PooledVmImage image = (await _world.Updater().GetImagesAsync(VmSelection.All, None)).Single();
        Assert.Equal((3, _world.V1, second), (image.Revision, image.Master, image.PreviousDiskPath));
        Assert.True(image.IsCurrent);
        Assert.Equal(
            [(1, first, DiskRevisionState.Kept), (2, second, DiskRevisionState.Kept), (3, image.DiskPath, DiskRevisionState.Current)],
            _world.Store.GetRevisions(_world.Vm).Select(r => (r.Number, r.Path, r.State)));
    }

    [Fact]
    public async Task Users_who_leave_in_time_are_not_logged_off()
    {
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        await _world.Lab.SetSessionsAsync(_world.Vm, [new LabSession(1, "anna", LeavesWhenAsked: true)], None);
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2, new SwapOptions { DrainTime = TimeSpan.FromMinutes(5) });
        Assert.Equal(PooledVmUpdateState.Updated, result.State);
        Assert.Empty(result.UsersLoggedOff);
        Assert.DoesNotContain(_world.Calls, call => call.Operation == "LogOff");
    }

    [Theory]
    [InlineData(UserDataMode.Never, false)]
    [InlineData(UserDataMode.WhenForcedOff, true)]
    public async Task The_files_of_users_who_are_logged_off_are_carried_when_that_is_asked_for(UserDataMode mode, bool isCarried)
    {
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        await _world.Lab.SetSessionsAsync(_world.Vm, [new LabSession(1, "anna")], None);
        TimeSpan before = _world.Clock.Monotonic;
        PooledVmUpdateResult result = await _world.UpdateAsync(
            _world.V2, new SwapOptions { DrainTime = TimeSpan.FromMinutes(5), UserData = mode, UserDataLimitBytes = 1 << 20 });
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
        Assert.Equal(["anna"], result.UsersLoggedOff);
        Assert.True(_world.Clock.Monotonic - before >= TimeSpan.FromMinutes(5));
        Assert.Equal(isCarried, SwapWorld.HasFile(result.DiskPath, @"Users\user-PC-01\Desktop\todo.txt"));
    }

    [Fact]
    public async Task User_data_is_not_carried_when_nobody_had_to_be_logged_off()
    {
        PooledVmUpdateResult result = await _world.UpdateAsync(
            _world.V2, new SwapOptions { UserData = UserDataMode.WhenForcedOff, UserDataLimitBytes = 1 << 20 });
        Assert.False(SwapWorld.HasFile(result.DiskPath, @"Users\user-PC-01\Desktop\todo.txt"));
    }

    [Fact]
    public async Task The_identity_goes_through_the_sealed_store_and_is_kept_there_as_long_as_the_old_disk()
    {
        _world.Identities = _world.OpenFolderStore();
        IReadOnlyList<string> before = SwapWorld.Describe(await _world.BootPathAsync());
        bool wasKept = false;
        PooledVmUpdateResult result = await _world.UpdateAsync(
            _world.V2,
            progress: news => wasKept |= news.State == SwapState.IdentityRestored
                && Directory.GetFiles(_world.Lab.IdentityFolder, "*.vmidentity").Length == 1);
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (result.State, result.Error));
        Assert.True(wasKept);
        Assert.Single(Directory.GetFiles(_world.Lab.IdentityFolder, "*.vmidentity"));
        Assert.Equal(before, SwapWorld.Describe(result.DiskPath));

        await _world.Updater().RemoveOldDisksAsync(VmSelection.All, beforeTime: false, None);
        Assert.Single(Directory.GetFiles(_world.Lab.IdentityFolder, "*.vmidentity"));
        await _world.Updater().RemoveOldDisksAsync(VmSelection.All, beforeTime: true, None);
        Assert.Empty(Directory.GetFiles(_world.Lab.IdentityFolder, "*.vmidentity"));
    }

    [Fact]
    public async Task Without_a_way_to_ask_the_guest_the_disk_is_what_was_verified()
    {
        _world.WithGuests = false;
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        Assert.Equal("Disk", (await _world.UpdateAsync(_world.V2)).VerifiedBy);
    }
}
