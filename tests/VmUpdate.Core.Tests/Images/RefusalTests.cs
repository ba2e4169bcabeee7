using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Lab;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Images;

public sealed class RefusalTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private SwapWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await SwapWorld.CreateAsync(pooled: 2);

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    public static TheoryData<string, string> Cases => new()
    {
        { "ignored", "VmIgnored" },
        { "personal", "VmNotPooled" },
        { "checkpoints", "VmHasCheckpoints" },
        { "managed", "VmManagedByOther" },
        { "changing", "VmChanging" },
        { "in use", "VmInUse" },
        { "sessions unknown", "SessionsUnknown" },
        { "no disk", "NoBootDisk" },
        { "two boot disks", "AmbiguousBootDisk" },
        { "own master", "DiskIsMaster" },
        { "others master", "MasterInUse" },
        { "old disk missing", "HostFileNotFound" },
        { "old disk truncated", "DiskTruncated" },
        { "old disk is text", "DiskWrongFormat" },
        { "old disk held", "HostFileInUse" },
        { "old parent gone", "DiskParentNotFound" },
        { "master missing", "HostFileNotFound" },
        { "master is text", "DiskWrongFormat" },
        { "master without Windows", "" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_may_not_be_done_is_refused_by_name_and_changes_nothing(string what, string expected)
    {
        string master = _world.V2;
        string disk = await _world.BootPathAsync();
        VmKey vm = _world.Vm;
        LabHypervisor lab = _world.Lab;
        IDisposable? held = null;
        switch (what)
        {
            case "ignored":
                await _world.Pools.DeclareAsync(vm, MachineRole.Ignored, null, None);
                break;
            case "personal":
                await _world.Pools.DeclareAsync(vm, MachineRole.Personal, null, None);
                break;
            case "checkpoints":
                await lab.SetCheckpointsAsync(vm, true, None);
                break;
            case "managed":
                await lab.SetManagedByAsync(vm, "SCVMM", None);
                break;
            case "changing":
                await lab.SetChangingAsync(vm, _world.Clock.UtcNow + TimeSpan.FromHours(1), None);
                break;
            case "in use":
                await lab.SetStateAsync(vm, VmPowerState.Running, None);
                await lab.SetSessionsAsync(vm, [new LabSession(1, "anna", IsActive: false)], None);
                break;
            case "sessions unknown":
                await lab.SetStateAsync(vm, VmPowerState.Running, None);
                await lab.SetBehaviorAsync(vm, new LabBehavior { SessionsUnknown = true }, None);
                break;
            case "no disk":
                await lab.SetDisksAsync(vm, [], None);
                break;
            case "two boot disks":
                await lab.SetDisksAsync(vm, [Disk(0, disk, null), Disk(1, _world.V1, null)], None);
                break;
            case "own master":
                await lab.SetDisksAsync(vm, [Disk(0, _world.V2, 0)], None);
                break;
            case "others master":
                await lab.SetDisksAsync(_world.Contents.Pooled[1], [Disk(0, _world.V2, 0)], None);
                break;
            case "old disk missing":
                File.Delete(disk);
                break;
            case "old disk truncated":
                using (FileStream file = File.OpenWrite(disk))
                {
                    file.SetLength(200_000);
                }

                break;
            case "old disk is text":
                await File.WriteAllTextAsync(disk, new string('x', 100_000), None);
                break;
            case "old disk held":
                held = new DiskFormats.Blocks.HostFileSystem().OpenFolder(Path.GetDirectoryName(disk)!)
                    .Open(Path.GetFileName(disk), DiskFormats.Blocks.HostFileMode.ReadWrite);
                break;
            case "old parent gone":
                File.Delete(_world.V1);
                break;
            case "master missing":
                master += ".none";
                break;
            case "master is text":
                await File.WriteAllTextAsync(master, "not a disk", None);
                break;
            case "master without Windows":
                using (DiskFormats.Vhdx.VhdxDisk empty = DiskFormats.Vhdx.VhdxDisk.CreateDynamic(
                    master + ".empty", 8 << 20, new DiskFormats.Vhdx.VhdxCreateOptions { Files = _world.Files, NewGuid = Guid.NewGuid }))
                {
                    empty.Complete();
                }

                master += ".empty";
                break;
        }

        VmPowerState state = await _world.StateAsync();
        Dictionary<string, string> before = held is null ? _world.HashDisks() : [];
        PreflightResult preflight = (await _world.Updater().PreflightAsync(
            VmSelection.ById(vm.VmId), new SwapOptions { MasterPath = master }, progress: null, None)).Single();
        PooledVmUpdateResult result = await _world.UpdateAsync(master);
        held?.Dispose();

        Assert.Equal(PooledVmUpdateState.Blocked, result.State);
        Assert.Equal(PreflightVerdict.Blocked, preflight.Verdict);
        Assert.Equal(result.ErrorId, preflight.Findings.First(f => f.Verdict == PreflightVerdict.Blocked).Id);
        if (expected.Length > 0)
        {
            Assert.Equal(expected, result.ErrorId);
        }

        Assert.NotEmpty(result.Error);
        Assert.Equal(state, await _world.StateAsync());
        Assert.Null(_world.Store.FindOpenSwap(vm));
        if (before.Count > 0)
        {
            Assert.Equal(before, _world.HashDisks());
        }
    }

    [Fact]
    public async Task A_master_is_needed()
    {
        _world.Pools.Set(_world.Contents.Pool, string.Empty, null);
        PooledVmUpdateResult result = (await _world.Updater().UpdateAsync(
            VmSelection.ById(_world.Vm.VmId), new SwapOptions(), null, None)).Single();
        Assert.Equal("NoMaster", result.ErrorId);
    }

    [Fact]
    public async Task Unknown_and_ambiguous_names_spare_the_others()
    {
        _world.Lab.AddMachine("twin", []);
        _world.Lab.AddMachine("TWIN", []);
        IReadOnlyList<PooledVmUpdateResult> results = await _world.Updater().UpdateAsync(
            VmSelection.ByName("nobody", "twin", "PC-02"), new SwapOptions { MasterPath = _world.V2 }, null, None);
        Assert.Equal(["VmNotFound", "AmbiguousName", string.Empty], results.Select(result => result.ErrorId));
        Assert.Equal(PooledVmUpdateState.Updated, results[2].State);
    }

    [Fact]
    public async Task An_unknown_pool_ends_the_call() => Assert.Equal(
        StoreFailure.NotFound,
        (await Assert.ThrowsAsync<StoreException>(
            () => _world.Updater().UpdateAsync(VmSelection.ByPool("none"), new SwapOptions(), null, None))).Failure);

    [Fact]
    public async Task Too_little_room_is_seen_before_the_machine_is_stopped()
    {
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        PooledVmUpdateResult result = await _world.UpdateAsync(
            _world.V2, new SwapOptions { UserData = UserDataMode.Always, UserDataLimitBytes = 1L << 60 });
        Assert.Equal("NotEnoughSpace", result.ErrorId);
        Assert.DoesNotContain(_world.Calls, call => call.Operation == "ShutDown");
    }

    [Theory]
    [InlineData(VmPowerState.Running)]
    [InlineData(VmPowerState.Saved)]
    [InlineData(VmPowerState.Paused)]
    public async Task A_guest_that_does_not_shut_down_is_put_back_and_never_turned_off(VmPowerState state)
    {
        string disk = await _world.BootPathAsync();
        await _world.Lab.SetStateAsync(_world.Vm, state, None);
        await _world.Lab.SetBehaviorAsync(_world.Vm, new LabBehavior { ShutdownHangs = true }, None);
        Dictionary<string, string> before = _world.HashDisks();
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.RolledBack, "ShutdownTimedOut"), (result.State, result.ErrorId));
        Assert.Equal(state, await _world.StateAsync());
        Assert.Equal(disk, await _world.BootPathAsync());
        Assert.Equal(before, _world.HashDisks());
        Assert.Null(_world.Store.FindOpenSwap(_world.Vm));
    }

    [Fact]
    public async Task Users_found_after_a_saved_machine_was_resumed_keep_it()
    {
        await _world.Lab.SetSessionsAsync(_world.Vm, [new LabSession(1, "anna", IsActive: false)], None);
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Saved, None);
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.RolledBack, "VmInUse"), (result.State, result.ErrorId));
        Assert.Equal(VmPowerState.Saved, await _world.StateAsync());
        Assert.DoesNotContain(_world.Calls, call => call.Operation == "ShutDown");
    }

    [Fact]
    public async Task A_machine_that_does_not_start_on_its_new_disk_is_put_back_on_the_old_one()
    {
        string disk = await _world.BootPathAsync();
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        Dictionary<string, string> before = _world.HashDisks();
        bool hasFailed = false;
        _world.OnCall = (call, isAfter) =>
        {
            if (call.Operation == "Start" && !isAfter && !hasFailed)
            {
                hasFailed = true;
                throw new HypervisorException(HypervisorFailure.OperationFailed, "PC-01", "the host failed to start it.");
            }
        };
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.RolledBack, "OperationFailed"), (result.State, result.ErrorId));
        Assert.Equal(disk, await _world.BootPathAsync());
        Assert.Equal(VmPowerState.Running, await _world.StateAsync());
        Assert.Equal(before, _world.HashDisks());
    }

    [Fact]
    public async Task A_silent_guest_leaves_the_swap_open_and_the_next_call_asks_again()
    {
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        await _world.Lab.SetBehaviorAsync(_world.Vm, new LabBehavior { GuestSilent = true }, None);
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2);
        Assert.Equal((PooledVmUpdateState.Failed, "GuestSilent"), (result.State, result.ErrorId));
        Assert.Equal("2.0", SwapWorld.VersionOn(await _world.BootPathAsync()));
        Assert.Equal("GuestSilent", _world.Store.FindOpenSwap(_world.Vm)!.ErrorId);

        await _world.Lab.SetBehaviorAsync(_world.Vm, new LabBehavior(), None);
        PooledVmUpdateResult again = await _world.UpdateAsync(_world.V2);
        Assert.Equal(PooledVmUpdateState.Updated, again.State);
        Assert.Contains("computer-name", again.SetsCarried);
        Assert.Null(_world.Store.FindOpenSwap(_world.Vm));
    }

    [Fact]
    public async Task From_a_silent_guest_the_way_back_is_open()
    {
        string first = await _world.BootPathAsync();
        await _world.Lab.SetStateAsync(_world.Vm, VmPowerState.Running, None);
        await _world.Lab.SetBehaviorAsync(_world.Vm, new LabBehavior { GuestSilent = true }, None);
        await _world.UpdateAsync(_world.V2);
        _world.WithGuests = false;
        PooledVmUpdateResult back = await _world.RestoreAsync();
        Assert.Equal((PooledVmUpdateState.Updated, string.Empty), (back.State, back.Error));
        Assert.Equal(first, back.To);
        Assert.Equal("1.0", SwapWorld.VersionOn(await _world.BootPathAsync()));
    }

    [Fact]
    public async Task Somebody_who_starts_the_machine_in_between_ends_its_swap_and_nothing_else()
    {
        string disk = await _world.BootPathAsync();
        PooledVmUpdateResult result = await _world.UpdateAsync(_world.V2, progress: news =>
        {
            if (news.State == SwapState.NewDiskPrepared)
            {
                _world.Lab.SetDisksAsync(_world.Vm, [Disk(0, _world.V1, 0)], None).GetAwaiter().GetResult();
            }
        });
        Assert.Equal((PooledVmUpdateState.RolledBack, "BootDiskChanged"), (result.State, result.ErrorId));
        Assert.Equal(_world.V1, await _world.BootPathAsync());
        Assert.True(File.Exists(disk));
    }

    private static LabDisk Disk(int slot, string path, int? order) => new(DiskController.Scsi, 0, slot, path, order);
}
