using System.Text;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Versions;

/// <summary>What keeps a version from being made: the pool points to what it pointed to, and nothing is left behind.</summary>
public sealed class BuildFailureTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private VersionWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await VersionWorld.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_task_that_fails_leaves_the_old_version_current_and_its_disk_only_when_that_is_wanted()
    {
        await _world.ScriptAsync(new() { End = LabGuestEnd.Fails, Message = "no room in the guest" });
        VersionException failure = await FailsAsync<VersionException>(nameof(VersionFailure.BuildTaskFailed));
        Assert.Contains("no room in the guest", failure.Message, StringComparison.Ordinal);

        failure = await Assert.ThrowsAsync<VersionException>(() => _world.BuildAsync(VersionWorld.Options(change: o => o with { KeepFailedDisk = true })));
        string kept = Assert.Single(await _world.TracesAsync());
        Assert.Contains(kept, failure.Message, StringComparison.Ordinal);
        Assert.Equal("1.0", SwapWorld.VersionOn(kept));

        // The next one is made as if nothing had been.
        File.Delete(kept);
        await _world.ScriptAsync(new());
        Assert.Equal(2, (await _world.BuildAsync()).Number);
    }

    [Fact]
    public async Task A_guest_that_does_not_shut_down_makes_no_version()
    {
        _world.OnBuildMachine(vm => _world.Lab.SetBehaviorAsync(vm, new LabBehavior { ShutdownHangs = true }, None));
        await FailsAsync<HypervisorException>(nameof(HypervisorFailure.ShutdownTimedOut), runIsOver: false);
    }

    [Fact]
    public async Task A_machine_that_cannot_be_made_or_started_makes_no_version()
    {
        _world.OnCall = (call, isAfter) =>
        {
            if (!isAfter && call.Operation == "CreateMachine")
            {
                throw new HypervisorException(HypervisorFailure.OperationFailed, "office", "another machine has the name.");
            }
        };
        await FailsAsync<HypervisorException>(nameof(HypervisorFailure.OperationFailed));
        _world.OnBuildMachine(vm => _world.Lab.SetBehaviorAsync(vm, new LabBehavior { StartFails = true }, None));
        await FailsAsync<VersionException>(nameof(VersionFailure.BuildTaskFailed));
    }

    [Theory]
    [InlineData(BuildState.DiskPrepared)]
    [InlineData(BuildState.Sealed)]
    public async Task A_full_volume_makes_no_version(BuildState when)
    {
        var files = new FaultingFileSystem(new HostFileSystem()) { StaysBroken = true };
        _world.Files = files;
        _world.Reopen();
        await FailsAsync<HostFileException>("HostFileDiskFull", progress: news =>
        {
            if (news.State == when)
            {
                files.FailAt = files.Changes + 2;
            }
        });
    }

    [Fact]
    public async Task A_master_that_somebody_wrote_to_meanwhile_makes_no_version()
    {
        string before = _world.Master;
        await Assert.ThrowsAsync<VersionException>(() => _world.BuildAsync(progress: news =>
        {
            if (news.State == BuildState.MachineStopped)
            {
                Change(_world.V1, guest => guest.OpenHive(HiveName.Software).Create("Contoso\\Late"));
            }
        }));
        Assert.Equal(before, _world.Master);
        Assert.Empty(await _world.TracesAsync());
    }

    [Fact]
    public async Task A_pool_that_was_given_another_master_meanwhile_is_left_at_that()
    {
        ImageVersion version = await _world.BuildAsync(progress: news =>
        {
            if (news.State == BuildState.Sealed)
            {
                SetMaster(_world.Contents.NextMaster);
            }
        });
        Assert.Equal(_world.Contents.NextMaster, _world.Master);
        Assert.Contains(version.Warnings, warning => warning.Contains("another master meanwhile", StringComparison.Ordinal));
        Assert.Empty(await _world.TracesAsync());
    }

    [Fact]
    public async Task What_can_be_known_before_is_refused_before_anything_is_made()
    {
        await RefusedAsync("StoreNotFound", () => _world.Versions().BuildAsync("Nowhere", VersionWorld.Options(), null, None));
        await RefusedAsync(nameof(VersionFailure.BuildNotSupported), () => _world.Versions(canBuild: false).BuildAsync(_world.Pool, VersionWorld.Options(), null, None));
        await RefusedAsync("Task" + nameof(TaskDefect.PayloadEmpty), () => _world.BuildAsync(VersionWorld.Options(string.Empty)));

        SetMaster(string.Empty);
        await RefusedAsync(nameof(SwapFailure.NoMaster), () => _world.BuildAsync());
        SetMaster((await _world.Lab.GetDisksAsync(_world.Contents.Pooled[0], None))[0].Path);
        await RefusedAsync(nameof(SwapFailure.MasterInUse), () => _world.BuildAsync());
        SetMaster(_world.V1);

        await using (FileStream held = new(_world.V1, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            await RefusedAsync(nameof(VersionFailure.ImageNotSound), () => _world.BuildAsync());
        }

        _world.Store.Write(t => t.SavePool(new PoolRecord("Empty", _world.Lab.HostId, _world.V1, TimeSpan.Zero)));
        await RefusedAsync(nameof(VersionFailure.PoolHasNoMachine), () => _world.Versions().BuildAsync("Empty", VersionWorld.Options(), null, None));

        Change(_world.V1, guest => guest.OpenHive(HiveName.Software).Create("Microsoft\\Windows\\CurrentVersion\\Setup\\State")
            .SetValue("ImageState", 1, Encoding.Unicode.GetBytes("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE\0")));
        await RefusedAsync(nameof(VersionFailure.MasterGeneralized), () => _world.BuildAsync());
    }

    [Fact]
    public async Task Two_builds_of_one_pool_do_not_meet()
    {
        StoreException? second = null;
        using VmUpdateStore other = VmUpdateStore.Open(_world.Lab.StoreFolder, new StoreOptions { Files = new HostFileSystem() });
        await _world.BuildAsync(progress: news =>
        {
            if (news.State == BuildState.DiskPrepared)
            {
                second = Assert.ThrowsAsync<StoreException>(() => _world.BuildAsync()).GetAwaiter().GetResult();
            }
        });
        Assert.Equal(StoreFailure.LeaseHeld, second!.Failure);
        Assert.Empty(await _world.TracesAsync());
    }

    [Fact]
    public async Task A_pool_is_not_forgotten_while_a_version_of_its_master_is_half_made()
    {
        var pools = new PoolService(_world.Lab, _world.Store);
        await Assert.ThrowsAsync<KilledException>(() => _world.BuildAsync(progress: news => throw new KilledException(news.State.ToString())));
        foreach (VmKey vm in _world.Contents.Pooled)
        {
            await pools.DeclareAsync(vm, MachineRole.Ignored, null, None);
        }

        Assert.Equal(StoreFailure.InUse, Assert.Throws<StoreException>(() => pools.Remove(_world.Pool)).Failure);
        await Assert.ThrowsAsync<VersionException>(() => _world.BuildAsync());
        pools.Remove(_world.Pool);
    }

    [Fact]
    public async Task A_machine_of_the_build_machines_name_that_is_somebody_elses_is_not_touched()
    {
        VmKey other = _world.Lab.AddMachine(VersionWorld.BuildMachine, []);
        await _world.ScriptAsync(new() { End = LabGuestEnd.Fails });
        await Assert.ThrowsAsync<VersionException>(() => _world.BuildAsync());
        Assert.Equal(VersionWorld.BuildMachine, (await _world.Lab.GetAsync(other, None)).Name);
    }

    [Fact]
    public async Task A_busy_host_is_waited_for_with_the_number_and_ctrl_c_ends_the_wait()
    {
        await _world.Lab.SetHostScriptAsync(new LabHostScript { Curve = [new LabHostPoint { CpuPercent = 95 }] }, None);
        using var stop = new CancellationTokenSource();
        var said = new List<string>();
        await FailsAsync<SwapException>(nameof(SwapFailure.Canceled), cancellation: stop.Token, progress: news =>
        {
            said.Add(news.Detail);
            if (IsBusy(news))
            {
                stop.Cancel();
            }
        });
        Assert.Contains(said, text => text.Contains("95 %", StringComparison.Ordinal));

        // And when it is not busy any more, it is made.
        await _world.BuildAsync(progress: news =>
        {
            if (IsBusy(news))
            {
                _world.Lab.SetHostScriptAsync(new LabHostScript(), None).GetAwaiter().GetResult();
            }
        });
    }

    [Fact]
    public async Task Ctrl_c_while_the_guest_applies_takes_everything_away()
    {
        await _world.ScriptAsync(new() { Applying = TimeSpan.FromMinutes(5) });
        using var stop = new CancellationTokenSource();
        await FailsAsync<SwapException>(nameof(SwapFailure.Canceled), cancellation: stop.Token, progress: news =>
        {
            if (news.Detail == nameof(RunState.Applying))
            {
                stop.Cancel();
            }
        });
    }

    [Fact]
    public async Task While_all_work_on_the_host_is_suspended_the_call_says_so()
    {
        _world.Store.Write(t => t.HoldHost(_world.Lab.HostId, true, SystemClock.Instance.UtcNow));
        VersionException failure = await FailsAsync<VersionException>(nameof(VersionFailure.BuildTaskNotBegun));
        Assert.Contains("suspended", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_runs_already_performs_the_task_and_no_broker_of_a_build_begins_another()
    {
        VmKey personal = _world.Contents.Pooled[1];
        TaskPayload payload = TaskPayload.FromCommand("other");
        UpdateTask other = VersionWorld.Options().Task with
        {
            Id = Guid.NewGuid(), Name = "other", Payload = payload.Info, Targets = new TaskTargets { Ids = [personal.VmId] }, Registered = SystemClock.Instance.UtcNow,
        };
        new TaskRegistrar(_world.Store, _world.Lab.HostId, () => { }).Add(other with { IsUrgent = true }, payload, [new TargetMachine(personal, "PC-02", TargetKinds.Pooled, null, 0)]);
        await _world.BuildAsync();
        Assert.Equal(RunState.Pending, Assert.Single(_world.Store.GetOpenRuns(_world.Lab.HostId)).State);

        await _world.ScriptAsync(new(), "Lab-v3-build");
        using var stop = new CancellationTokenSource();
        using VmUpdateStore theirs = VmUpdateStore.Open(_world.Lab.StoreFolder, new StoreOptions { Files = new HostFileSystem() });
        Task<BrokerReport> working;
        using (TaskBroker broker = TaskBroker.Open(_world.Broker()))
        {
            working = broker.RunAsync(BrokerUntil.Stopped, stop.Token, None);
            Assert.Equal(3, (await _world.BuildAsync()).Number);
            await stop.CancelAsync();
            Assert.Equal(2, (await working).Succeeded);
        }

        Assert.DoesNotContain(await _world.TracesAsync(), trace => trace != "other");
    }

    private static bool IsBusy(BuildProgress news) => news.Detail.Contains(nameof(RunReason.WaitingForCpu), StringComparison.Ordinal);

    private static void Change(string path, Action<GuestDisk> change)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem(), Writable = true, NewGuid = Guid.NewGuid });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path, Writable = true, UtcNow = () => SystemClock.Instance.UtcNow });
        change(guest);
        guest.Commit();
        disk.Flush();
    }

    private void SetMaster(string path) =>
        _world.Store.Write(t => t.SavePool(_world.Store.FindPool(_world.Lab.HostId, _world.Pool)! with { MasterPath = path }));

    private async Task RefusedAsync(string code, Func<Task> build)
    {
        VmUpdateException refused = await Assert.ThrowsAnyAsync<VmUpdateException>(build);
        Assert.Equal(code, refused.Code);
        Assert.Empty(await _world.TracesAsync());
        Assert.Empty(_world.Store.GetBuilds(_world.Lab.HostId, _world.Pool));
    }

    private async Task<T> FailsAsync<T>(string code, Action<BuildProgress>? progress = null, bool runIsOver = true, CancellationToken cancellation = default)
        where T : VmUpdateException
    {
        string hash = SwapWorld.Sha256(_world.V1);
        T failure = await Assert.ThrowsAsync<T>(() => _world.BuildAsync(progress: progress, cancellation: cancellation));
        _world.OnCall = null;
        Assert.Equal(code, failure.Code);
        Assert.Equal((_world.V1, hash), (_world.Master, SwapWorld.Sha256(_world.V1)));
        Assert.Equal([], (await _world.TracesAsync()).Where(trace => runIsOver || !trace.StartsWith("awake ", StringComparison.Ordinal)));
        Assert.Empty(_world.Store.GetVersions(_world.Lab.HostId, _world.Pool));
        BuildRecord build = _world.Store.GetBuilds(_world.Lab.HostId, _world.Pool)[^1];
        Assert.Equal((BuildState.RolledBack, code), (build.State, build.ErrorId));
        Assert.NotNull(build.Ended);
        return failure;
    }
}
