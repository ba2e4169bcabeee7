using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <summary>What every host of virtual machines must do: one suite for the lab, for libvirt's mock driver, for real QEMU, and for those to come.</summary>
public abstract class HypervisorConformance : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private IConformanceHost _host = null!;

    private IHypervisor Hypervisor => _host.Hypervisor;

    private VmKey Vm => _host.Vm;

    public async ValueTask InitializeAsync() => _host = await CreateAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task<IConformanceHost> CreateAsync();

    [Theory]
    [InlineData(VmPowerState.Off, "Start", VmPowerState.Running)]
    [InlineData(VmPowerState.Saved, "Start", VmPowerState.Running)]
    [InlineData(VmPowerState.Running, "ShutDown", VmPowerState.Off)]
    [InlineData(VmPowerState.Running, "Save", VmPowerState.Saved)]
    [InlineData(VmPowerState.Paused, "Save", VmPowerState.Saved)]
    [InlineData(VmPowerState.Running, "Pause", VmPowerState.Paused)]
    [InlineData(VmPowerState.Paused, "Resume", VmPowerState.Running)]
    public async Task A_machine_goes_from_one_state_to_another(VmPowerState from, string verb, VmPowerState to)
    {
        await BringToAsync(from);
        await DoAsync(Hypervisor, verb);
        Assert.Equal(to, await StateAsync());
    }

    [Fact]
    public async Task What_a_state_does_not_allow_is_refused_and_changes_nothing()
    {
        await RefusedAsync(VmPowerState.Off, "ShutDown", "Save", "Pause", "Resume");
        await RefusedAsync(VmPowerState.Running, "Start", "Resume");
        await RefusedAsync(VmPowerState.Paused, "Start", "ShutDown", "Pause");
        await RefusedAsync(VmPowerState.Saved, "ShutDown", "Save", "Pause", "Resume");
    }

    [Fact]
    public async Task A_machine_that_was_saved_while_paused_runs_when_it_is_started()
    {
        await BringToAsync(VmPowerState.Paused);
        await Hypervisor.SaveAsync(Vm, None);
        await Hypervisor.StartAsync(Vm, None);
        Assert.Equal(VmPowerState.Running, await StateAsync());
    }

    [Fact]
    public async Task The_list_says_what_a_look_at_one_machine_says()
    {
        foreach (VmPowerState state in new[] { VmPowerState.Off, VmPowerState.Running, VmPowerState.Saved })
        {
            await BringToAsync(state);
            VirtualMachine one = await Hypervisor.GetAsync(Vm, None);
            Assert.Equal(one, Assert.Single(await Hypervisor.ListAsync(None), machine => machine.Key == Vm));
            Assert.Equal((state, false, string.Empty), (one.State, one.HasCheckpoints, one.ManagedBy));
        }
    }

    [Fact]
    public async Task Other_hosts_machines_and_unknown_ones_are_refused_by_every_call()
    {
        var foreign = new VmKey("another-host", Vm.VmId);
        var unknown = new VmKey(Hypervisor.HostId, Guid.NewGuid());
        foreach (string verb in new[] { "Start", "ShutDown", "Save", "Pause", "Resume", "Get", "GetDisks", "GetMarks", "SetMark", "SwitchDisk" })
        {
            Assert.Equal(HypervisorFailure.WrongHost, await FailureAsync(() => DoAsync(Hypervisor, verb, foreign)));
            Assert.Equal(HypervisorFailure.VmNotFound, await FailureAsync(() => DoAsync(Hypervisor, verb, unknown)));
        }
    }

    [Fact]
    public async Task A_machine_that_is_taken_away_meanwhile_is_not_found()
    {
        Require(Ability.Removal);
        await BringToAsync(VmPowerState.Running);
        await _host.RemoveMachineAsync();
        foreach (string verb in new[] { "ShutDown", "Save", "Pause", "Get", "GetMarks" })
        {
            Assert.Equal(HypervisorFailure.VmNotFound, await FailureAsync(() => DoAsync(Hypervisor, verb)));
        }

        Assert.DoesNotContain(await Hypervisor.ListAsync(None), machine => machine.Key == Vm);
    }

    [Fact]
    public async Task What_somebody_else_does_meanwhile_is_seen_and_not_undone()
    {
        await BringToAsync(VmPowerState.Running);
        await _host.Other.PauseAsync(Vm, None);
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => Hypervisor.PauseAsync(Vm, None)));
        await _host.Other.SaveAsync(Vm, None);
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => Hypervisor.ResumeAsync(Vm, None)));
        Assert.Equal(VmPowerState.Saved, await StateAsync());
        await Hypervisor.StartAsync(Vm, None);
        Assert.Equal(VmPowerState.Running, (await _host.Other.GetAsync(Vm, None)).State);
    }

    [Fact]
    public async Task Of_several_who_want_the_same_at_once_each_has_it_or_is_told_that_the_machine_is_busy()
    {
        foreach ((string verb, VmPowerState reached) in new[] { ("Start", VmPowerState.Running), ("Save", VmPowerState.Saved), ("Start", VmPowerState.Running) })
        {
            IHypervisor[] callers = [Hypervisor, _host.Other, Hypervisor, _host.Other];
            HypervisorFailure?[] ends = await Task.WhenAll(callers.Select(caller => Task.Run(() => EndAsync(() => DoAsync(caller, verb)))));
            Assert.All(ends, end => Assert.True(end is null or HypervisorFailure.VmBusy, $"{verb} ended with {end}."));
            Assert.Contains(null, ends);
            Assert.Equal(reached, await StateAsync());
        }
    }

    [Fact]
    public async Task A_guest_that_does_not_shut_down_is_left_running()
    {
        Require(Ability.IgnoredShutdown);
        await _host.IgnoreShutdownAsync();
        await BringToAsync(VmPowerState.Running);
        Assert.Equal(
            HypervisorFailure.ShutdownTimedOut, await FailureAsync(() => Hypervisor.ShutDownAsync(Vm, TimeSpan.FromSeconds(1), None)));
        Assert.Equal(VmPowerState.Running, await StateAsync());
    }

    [Fact]
    public async Task What_was_canceled_before_it_began_is_not_done()
    {
        using var ended = new CancellationTokenSource();
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Hypervisor.StartAsync(Vm, ended.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Hypervisor.ListAsync(ended.Token));
        Assert.Equal(VmPowerState.Off, await StateAsync());
    }

    [Fact]
    public async Task Marks_are_kept_beside_each_other_in_every_state()
    {
        const string odd = "<pool & \"co\"> 'ä€𝄞'";
        await Hypervisor.SetMarkAsync(Vm, VmMarks.Pool, odd, None);
        await BringToAsync(VmPowerState.Running);
        await Hypervisor.SetMarkAsync(Vm, VmMarks.Woken, "Saved", None);
        await Hypervisor.SetMarkAsync(Vm, VmMarks.Role, "Pooled", None);
        await BringToAsync(VmPowerState.Saved);
        await _host.Other.SetMarkAsync(Vm, VmMarks.Role, "Personal", None);
        await BringToAsync(VmPowerState.Running);
        await Hypervisor.SetMarkAsync(Vm, VmMarks.Woken, null, None);
        await Hypervisor.SetMarkAsync(Vm, VmMarks.Woken, null, None);
        IReadOnlyDictionary<string, string> marks = await _host.Other.GetMarksAsync(Vm, None);
        Assert.Equal([(VmMarks.Pool, odd), (VmMarks.Role, "Personal")], marks.Select(mark => (mark.Key, mark.Value)).OrderBy(mark => mark.Key));
    }

    [Fact]
    public async Task Several_who_mark_one_machine_at_once_lose_no_mark()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(
            i => Task.Run(() => (i % 2 == 0 ? Hypervisor : _host.Other).SetMarkAsync(Vm, $"m{i}", "x", None))));
        Assert.Equal(20, (await Hypervisor.GetMarksAsync(Vm, None)).Keys.Count(mark => mark.Length > 1 && mark[0] == 'm' && char.IsDigit(mark[1])));
    }

    [Fact]
    public async Task A_disk_is_switched_in_one_call_and_everything_else_stays()
    {
        VmDisk disk = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None));
        string next = _host.MakeDisk("next");
        await Hypervisor.SetMarkAsync(Vm, VmMarks.Pool, "p", None);
        await Hypervisor.SwitchDiskAsync(Vm, disk.Location, disk.Path, next, None);
        Assert.Equal(disk with { Path = next }, Assert.Single(await _host.Other.GetDisksAsync(Vm, None)));
        Assert.Contains(await Hypervisor.ListDisksAsync(None), attached => attached.Vm == Vm && attached.Path == next);
        Assert.DoesNotContain(await Hypervisor.ListDisksAsync(None), attached => attached.Path == disk.Path);
        Assert.Equal("p", (await Hypervisor.GetMarksAsync(Vm, None))[VmMarks.Pool]);

        Assert.Equal(
            HypervisorFailure.DiskNotAttached,
            await FailureAsync(() => Hypervisor.SwitchDiskAsync(Vm, disk.Location, disk.Path, disk.Path, None)));
        Assert.Equal(
            HypervisorFailure.DiskNotAttached,
            await FailureAsync(() => Hypervisor.SwitchDiskAsync(Vm, disk.Location with { Slot = 7 }, next, disk.Path, None)));
        Assert.Equal(
            HypervisorFailure.DiskNotUsable,
            await FailureAsync(() => Hypervisor.SwitchDiskAsync(Vm, disk.Location, next, next + ".absent", None)));
        Assert.Equal(next, Assert.Single(await Hypervisor.GetDisksAsync(Vm, None)).Path);
    }

    [Fact]
    public async Task A_disk_is_not_switched_while_the_machine_is_not_off()
    {
        VmDisk disk = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None));
        string next = _host.MakeDisk("next");
        foreach (VmPowerState state in new[] { VmPowerState.Running, VmPowerState.Paused, VmPowerState.Saved })
        {
            await BringToAsync(state);
            Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => Hypervisor.SwitchDiskAsync(Vm, disk.Location, disk.Path, next, None)));
            Assert.Equal(disk.Path, Assert.Single(await Hypervisor.GetDisksAsync(Vm, None)).Path);
        }
    }

    [Fact]
    public async Task Only_a_disk_that_is_attached_to_no_machine_is_deleted()
    {
        string attached = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None)).Path;
        string free = _host.MakeDisk("free");
        Assert.Equal(HypervisorFailure.DiskAttached, await FailureAsync(() => Hypervisor.DeleteDiskAsync(attached, None)));
        Assert.True(File.Exists(attached));
        await Hypervisor.DeleteDiskAsync(free, None);
        Assert.False(File.Exists(free));
        await Hypervisor.DeleteDiskAsync(free, None);
    }

    [Fact]
    public async Task A_machine_whose_disk_is_absent_does_not_start()
    {
        Require(Ability.RealDisks);
        string path = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None)).Path;
        File.Move(path, path + ".away");
        Assert.Equal(HypervisorFailure.DiskNotUsable, await FailureAsync(() => Hypervisor.StartAsync(Vm, None)));
        Assert.Equal(VmPowerState.Off, await StateAsync());
        File.Move(path + ".away", path);
        await Hypervisor.StartAsync(Vm, None);
    }

    [Fact]
    public async Task A_guest_says_what_it_is_called_before_and_after_it_was_saved()
    {
        Require(Ability.GuestName);
        var guests = Assert.IsType<IGuestChannel>(Hypervisor, exactMatch: false);
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => guests.GetComputerNameAsync(Vm, TimeSpan.FromSeconds(1), None)));
        await BringToAsync(VmPowerState.Running);
        GuestReply expected = new(GuestReplyKind.Answered, _host.GuestName);
        Assert.Equal(expected, await guests.GetComputerNameAsync(Vm, Patience, None));
        await Hypervisor.SaveAsync(Vm, None);
        await Hypervisor.StartAsync(Vm, None);
        Assert.Equal(expected, await guests.GetComputerNameAsync(Vm, Patience, None));
    }

    [Fact]
    public async Task The_channel_of_a_guest_is_there_while_its_machine_runs_and_its_coming_is_told()
    {
        Require(Ability.GuestPort);
        await _host.EchoAsync();
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => OpenPortAsync(Vm)));
        Assert.Equal(HypervisorFailure.WrongHost, await FailureAsync(() => OpenPortAsync(new VmKey("another-host", Vm.VmId))));
        Assert.Equal(HypervisorFailure.VmNotFound, await FailureAsync(() => OpenPortAsync(new VmKey(Hypervisor.HostId, Guid.NewGuid()))));
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watching = _host.GuestPort.Watch(vm =>
        {
            if (vm == Vm)
            {
                told.TrySetResult();
            }
        });
        foreach (string word in new[] { "one", "two" })
        {
            await Hypervisor.StartAsync(Vm, None);
            await told.Task.WaitAsync(Patience);
            await using Stream port = await OpenPortAsync(Vm);
            using var limit = new CancellationTokenSource(Patience);
            await port.WriteAsync(System.Text.Encoding.ASCII.GetBytes(word + "\n"), limit.Token);
            byte[] answer = new byte[word.Length + 1];
            await port.ReadExactlyAsync(answer, limit.Token);
            Assert.Equal(word + "\n", System.Text.Encoding.ASCII.GetString(answer));
            await Hypervisor.SaveAsync(Vm, None);
            Assert.Equal(0, await ReadAsync(port, limit.Token));
        }
    }

    [Fact]
    public async Task A_host_says_what_it_and_its_machines_take()
    {
        var metrics = Assert.IsType<IHostMetrics>(Hypervisor, exactMatch: false);
        VmFootprint footprint = await metrics.GetFootprintAsync(Vm, None);
        Assert.True(footprint.MemoryBytes > 0);
        Require(Ability.Load);
        HostLoad load = await metrics.GetLoadAsync(None);
        Assert.InRange(load.CpuPercent, 0, 100);
        Assert.InRange(load.FreeMemoryBytes, 1, load.TotalMemoryBytes);
        Assert.True(load.VolumeFreeBytes[footprint.Volume] > 0);
    }

    [Fact]
    public async Task A_machine_made_for_a_piece_of_work_is_like_its_model_on_a_disk_of_its_own_and_goes_without_a_trace()
    {
        Require(Ability.BuildMachines);
        var builds = Assert.IsType<IBuildMachines>(Hypervisor, exactMatch: false);
        VirtualMachine model = await Hypervisor.GetAsync(Vm, None);
        VmDisk disk = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None));
        var wanted = new BuildMachine(Guid.NewGuid(), "office-v2-build", Vm, disk.Location, _host.MakeDisk("build"), HasNetwork: true);
        VmKey made = await builds.CreateAsync(wanted, None);

        Assert.Equal(new VirtualMachine(made, wanted.Name, VmPowerState.Off, false, string.Empty), await Hypervisor.GetAsync(made, None));
        Assert.Equal((disk.Location, wanted.DiskPath), Assert.Single((await Hypervisor.GetDisksAsync(made, None)).Select(d => (d.Location, d.Path))));
        Assert.Equal([(VmMarks.Build, wanted.BuildId.ToString("D"))], (await Hypervisor.GetMarksAsync(made, None)).Select(mark => (mark.Key, mark.Value)));
        if (Hypervisor is IHostMetrics metrics)
        {
            Assert.Equal((await metrics.GetFootprintAsync(Vm, None)).MemoryBytes, (await metrics.GetFootprintAsync(made, None)).MemoryBytes);
        }

        await Hypervisor.StartAsync(made, None);
        await builds.RemoveAsync(made, None);
        Assert.Equal(HypervisorFailure.VmNotFound, await FailureAsync(() => Hypervisor.GetAsync(made, None)));
        Assert.DoesNotContain(await Hypervisor.ListAsync(None), machine => machine.Key == made);
        Assert.True(File.Exists(wanted.DiskPath));
        await builds.RemoveAsync(made, None);
        Assert.Equal(model, await Hypervisor.GetAsync(Vm, None));
    }

    [Fact]
    public async Task A_machine_made_for_a_piece_of_work_goes_also_when_it_is_saved_or_paused()
    {
        Require(Ability.BuildMachines);
        var builds = Assert.IsType<IBuildMachines>(Hypervisor, exactMatch: false);
        VmDisk disk = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None));
        var wanted = new BuildMachine(Guid.NewGuid(), "office-v3-build", Vm, disk.Location, _host.MakeDisk("build"), HasNetwork: false);
        foreach (Func<VmKey, Task> rest in new Func<VmKey, Task>[] { vm => Hypervisor.SaveAsync(vm, None), vm => Hypervisor.PauseAsync(vm, None) })
        {
            VmKey made = await builds.CreateAsync(wanted, None);
            await Hypervisor.StartAsync(made, None);
            await rest(made);
            await builds.RemoveAsync(made, None);
            Assert.Equal(HypervisorFailure.VmNotFound, await FailureAsync(() => Hypervisor.GetAsync(made, None)));
        }
    }

    [Fact]
    public async Task No_machine_is_taken_away_that_was_not_made_for_a_piece_of_work_and_none_is_made_without_its_disk()
    {
        Require(Ability.BuildMachines);
        var builds = Assert.IsType<IBuildMachines>(Hypervisor, exactMatch: false);
        await BringToAsync(VmPowerState.Running);
        Assert.Equal(HypervisorFailure.NotABuildMachine, await FailureAsync(() => builds.RemoveAsync(Vm, None)));
        Assert.Equal(HypervisorFailure.WrongHost, await FailureAsync(() => builds.RemoveAsync(new VmKey("another-host", Vm.VmId), None)));
        Assert.Equal(VmPowerState.Running, await StateAsync());

        VmDisk disk = Assert.Single(await Hypervisor.GetDisksAsync(Vm, None));
        var wanted = new BuildMachine(Guid.NewGuid(), "office-v4-build", Vm, disk.Location, _host.MakeDisk("build"), HasNetwork: true);
        Assert.Equal(HypervisorFailure.DiskNotUsable, await FailureAsync(() => builds.CreateAsync(wanted with { DiskPath = wanted.DiskPath + ".absent" }, None)));
        Assert.Equal(
            HypervisorFailure.DiskNotAttached,
            await FailureAsync(() => builds.CreateAsync(wanted with { Location = disk.Location with { Slot = 7 } }, None)));
        Assert.Equal(
            HypervisorFailure.VmNotFound,
            await FailureAsync(() => builds.CreateAsync(wanted with { Model = new VmKey(Hypervisor.HostId, Guid.NewGuid()) }, None)));
        Assert.DoesNotContain(await Hypervisor.ListAsync(None), machine => machine.Name == wanted.Name);
    }

    private static async Task<HypervisorFailure> FailureAsync(Func<Task> call) => (await Assert.ThrowsAsync<HypervisorException>(call)).Failure;

    private static async Task<HypervisorFailure?> EndAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (HypervisorException failure)
        {
            return failure.Failure;
        }
    }

    private async Task<Stream> OpenPortAsync(VmKey vm)
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _host.GuestPort.OpenGuestPortAsync(vm, limit.Token);
    }

    /// <summary>A closed channel ends, or breaks: both are its end.</summary>
    private static async Task<int> ReadAsync(Stream port, CancellationToken cancellation)
    {
        try
        {
            return await port.ReadAsync(new byte[1], cancellation);
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private void Require(Ability ability)
    {
        if (_host.CannotBecause(ability) is { } reason)
        {
            Assert.Skip($"{ability}: {reason}");
        }
    }

    private async Task RefusedAsync(VmPowerState state, params string[] verbs)
    {
        await BringToAsync(state);
        foreach (string verb in verbs)
        {
            Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => DoAsync(Hypervisor, verb)));
            Assert.Equal(state, await StateAsync());
        }
    }

    private async Task<VmPowerState> StateAsync() => (await Hypervisor.GetAsync(Vm, None)).State;

    /// <summary>By the host's own verbs; what they do is what the first test is about.</summary>
    private async Task BringToAsync(VmPowerState wanted)
    {
        VmPowerState present = await StateAsync();
        if (present == wanted)
        {
            return;
        }

        if (present is VmPowerState.Off or VmPowerState.Saved)
        {
            await Hypervisor.StartAsync(Vm, None);
        }
        else if (present == VmPowerState.Paused && wanted is VmPowerState.Running or VmPowerState.Off)
        {
            await Hypervisor.ResumeAsync(Vm, None);
        }

        switch (wanted)
        {
            case VmPowerState.Saved:
                await Hypervisor.SaveAsync(Vm, None);
                break;
            case VmPowerState.Paused:
                await Hypervisor.PauseAsync(Vm, None);
                break;
            case VmPowerState.Off:
                await Hypervisor.ShutDownAsync(Vm, Patience, None);
                break;
        }
    }

    private Task DoAsync(IHypervisor hypervisor, string verb, VmKey? vm = null) => verb switch
    {
        "Start" => hypervisor.StartAsync(vm ?? Vm, None),
        "ShutDown" => hypervisor.ShutDownAsync(vm ?? Vm, Patience, None),
        "Save" => hypervisor.SaveAsync(vm ?? Vm, None),
        "Pause" => hypervisor.PauseAsync(vm ?? Vm, None),
        "Resume" => hypervisor.ResumeAsync(vm ?? Vm, None),
        "Get" => hypervisor.GetAsync(vm ?? Vm, None),
        "GetDisks" => hypervisor.GetDisksAsync(vm ?? Vm, None),
        "GetMarks" => hypervisor.GetMarksAsync(vm ?? Vm, None),
        "SetMark" => hypervisor.SetMarkAsync(vm ?? Vm, VmMarks.Pool, "x", None),
        "SwitchDisk" => hypervisor.SwitchDiskAsync(vm ?? Vm, new DiskLocation(DiskController.Virtio, 0, 0), "/a", "/b", None),
        _ => throw new ArgumentOutOfRangeException(nameof(verb)),
    };
}
