using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Machines;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Lab.Tests;

public sealed class LabHypervisorTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private SwapWorld _world = null!;

    private LabHypervisor Lab => _world.Lab;

    private VmKey Vm => _world.Vm;

    public async ValueTask InitializeAsync() => _world = await SwapWorld.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

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
        await Lab.SetStateAsync(Vm, from, None);
        await DoAsync(verb);
        Assert.Equal(to, await _world.StateAsync());
    }

    [Theory]
    [InlineData(VmPowerState.Running, "Start")]
    [InlineData(VmPowerState.Paused, "Start")]
    [InlineData(VmPowerState.Off, "ShutDown")]
    [InlineData(VmPowerState.Saved, "ShutDown")]
    [InlineData(VmPowerState.Paused, "ShutDown")]
    [InlineData(VmPowerState.Off, "Save")]
    [InlineData(VmPowerState.Off, "Pause")]
    [InlineData(VmPowerState.Saved, "Pause")]
    [InlineData(VmPowerState.Off, "Resume")]
    [InlineData(VmPowerState.Running, "Resume")]
    public async Task What_a_state_does_not_allow_is_refused(VmPowerState from, string verb)
    {
        await Lab.SetStateAsync(Vm, from, None);
        Assert.Equal(HypervisorFailure.VmBusy, (await Assert.ThrowsAsync<HypervisorException>(() => DoAsync(verb))).Failure);
        Assert.Equal(from, await _world.StateAsync());
    }

    [Theory]
    [InlineData(VmPowerState.Running)]
    [InlineData(VmPowerState.Saved)]
    [InlineData(VmPowerState.Paused)]
    public async Task A_disk_is_not_switched_while_the_machine_is_not_off(VmPowerState state)
    {
        string path = await _world.BootPathAsync();
        await Lab.SetStateAsync(Vm, state, None);
        var failure = await Assert.ThrowsAsync<HypervisorException>(
            () => Lab.SwitchDiskAsync(Vm, new DiskLocation(DiskController.Scsi, 0, 0), path, _world.V2, None));
        Assert.Equal(HypervisorFailure.VmBusy, failure.Failure);
        Assert.Equal(path, await _world.BootPathAsync());
    }

    [Fact]
    public async Task A_switch_wants_the_old_disk_there_and_the_new_one_present()
    {
        string path = await _world.BootPathAsync();
        var location = new DiskLocation(DiskController.Scsi, 0, 0);
        Assert.Equal(
            HypervisorFailure.DiskNotAttached,
            (await Assert.ThrowsAsync<HypervisorException>(() => Lab.SwitchDiskAsync(Vm, location, _world.V1, _world.V2, None))).Failure);
        Assert.Equal(
            HypervisorFailure.DiskNotUsable,
            (await Assert.ThrowsAsync<HypervisorException>(() => Lab.SwitchDiskAsync(Vm, location, path, path + ".no", None))).Failure);
        await Lab.SwitchDiskAsync(Vm, location, path, _world.V2, None);
        Assert.Equal(_world.V2, await _world.BootPathAsync());
    }

    [Fact]
    public async Task An_attached_disk_is_not_deleted()
    {
        string path = await _world.BootPathAsync();
        Assert.Equal(
            HypervisorFailure.DiskAttached, (await Assert.ThrowsAsync<HypervisorException>(() => Lab.DeleteDiskAsync(path, None))).Failure);
        Assert.True(File.Exists(path));
        await Lab.DeleteDiskAsync(_world.V2, None);
        Assert.False(File.Exists(_world.V2));
    }

    [Fact]
    public async Task A_machine_does_not_start_while_somebody_holds_its_disk_or_a_parent_is_gone()
    {
        string path = await _world.BootPathAsync();
        IHostFolder folder = new HostFileSystem().OpenFolder(Path.GetDirectoryName(path)!);
        using (folder.Open(Path.GetFileName(path), HostFileMode.Read))
        {
            Assert.Equal(
                HypervisorFailure.DiskNotUsable, (await Assert.ThrowsAsync<HypervisorException>(() => Lab.StartAsync(Vm, None))).Failure);
        }

        File.Move(_world.V1, _world.V1 + ".away");
        Assert.Equal(HypervisorFailure.DiskNotUsable, (await Assert.ThrowsAsync<HypervisorException>(() => Lab.StartAsync(Vm, None))).Failure);
        Assert.Equal(VmPowerState.Off, await _world.StateAsync());
    }

    [Fact]
    public async Task A_change_takes_its_time_and_is_over_even_when_nobody_waited()
    {
        using SwapWorld slow = await SwapWorld.CreateAsync(timings: new LabTimings { ShutDown = TimeSpan.FromSeconds(20) });
        await slow.Lab.SetStateAsync(slow.Vm, VmPowerState.Running, None);
        await slow.Lab.SetChangingAsync(slow.Vm, slow.Clock.UtcNow + TimeSpan.FromSeconds(5), None);
        Assert.Equal(VmPowerState.Changing, await slow.StateAsync());
        slow.Clock.Advance(TimeSpan.FromSeconds(6));
        slow.Reopen();
        Assert.Equal(VmPowerState.Running, await slow.StateAsync());

        TimeSpan before = slow.Clock.Monotonic;
        await slow.Lab.ShutDownAsync(slow.Vm, TimeSpan.FromMinutes(1), None);
        Assert.True(slow.Clock.Monotonic - before >= TimeSpan.FromSeconds(20));
        Assert.Equal(VmPowerState.Off, await slow.StateAsync());
    }

    [Fact]
    public async Task A_guest_that_does_not_shut_down_is_left_running()
    {
        await Lab.SetStateAsync(Vm, VmPowerState.Running, None);
        await Lab.SetBehaviorAsync(Vm, new LabBehavior { ShutdownHangs = true }, None);
        Assert.Equal(
            HypervisorFailure.ShutdownTimedOut, (await Assert.ThrowsAsync<HypervisorException>(() => DoAsync("ShutDown"))).Failure);
        Assert.Equal(VmPowerState.Running, await _world.StateAsync());
    }

    [Fact]
    public async Task Other_hosts_machines_and_unknown_ones_are_refused()
    {
        Assert.Equal(
            HypervisorFailure.WrongHost,
            (await Assert.ThrowsAsync<HypervisorException>(() => Lab.GetAsync(new VmKey("other", Vm.VmId), None))).Failure);
        Assert.Equal(
            HypervisorFailure.VmNotFound,
            (await Assert.ThrowsAsync<HypervisorException>(() => Lab.GetAsync(new VmKey(Lab.HostId, Guid.NewGuid()), None))).Failure);
    }

    [Fact]
    public async Task Marks_and_sessions_survive_the_process()
    {
        await Lab.SetMarkAsync(Vm, "note", "kept", None);
        await Lab.SetSessionsAsync(Vm, [new LabSession(1, "anna"), new LabSession(2, "ben", LeavesWhenAsked: true)], None);
        await Lab.SetStateAsync(Vm, VmPowerState.Running, None);
        _world.Reopen();
        Assert.Equal("kept", (await Lab.GetMarksAsync(Vm, None))["note"]);
        await Lab.SendMessageAsync(Vm, 1, "please", None);
        await Lab.SendMessageAsync(Vm, 2, "please", None);
        Assert.Equal(["anna"], (await Lab.GetSessionsAsync(Vm, None))!.Select(session => session.UserName));
        await Lab.LogOffAsync(Vm, 1, None);
        Assert.Empty((await Lab.GetSessionsAsync(Vm, None))!);
    }

    [Fact]
    public async Task The_guest_says_what_its_disk_says()
    {
        await Lab.StartAsync(Vm, None);
        GuestReply reply = await Lab.GetComputerNameAsync(Vm, TimeSpan.FromMinutes(1), None);
        Assert.Equal((GuestReplyKind.Answered, "PC-01"), (reply.Kind, reply.ComputerName));
    }

    [Fact]
    public async Task Several_processes_change_one_machine_without_losing_a_change()
    {
        LabHypervisor other = LabHypervisor.Open(Lab.Folder, new LabOptions { Files = new HostFileSystem() });
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => (i % 2 == 0 ? Lab : other).SetMarkAsync(Vm, $"m{i}", "x", None))));
        Assert.Equal(40, (await Lab.GetMarksAsync(Vm, None)).Keys.Count(mark => mark.StartsWith('m')));
    }

    [Fact]
    public void A_folder_without_a_lab_and_a_damaged_one_are_refused()
    {
        using var folder = new TempFolder();
        var options = new LabOptions { Files = new HostFileSystem() };
        Assert.Equal(
            HypervisorFailure.HostNotReachable, Assert.Throws<HypervisorException>(() => LabHypervisor.Open(folder.Path, options)).Failure);
        LabHypervisor.Create(folder.Path, "lab", LabTimings.None, options);
        Assert.Throws<HypervisorException>(() => LabHypervisor.Create(folder.Path, "lab", LabTimings.None, options));
        File.WriteAllText(folder.File("lab.json"), "{");
        Assert.Equal(HypervisorFailure.HostNotUsable, Assert.Throws<HypervisorException>(() => LabHypervisor.Open(folder.Path, options)).Failure);
    }

    private Task DoAsync(string verb) => verb switch
    {
        "Start" => Lab.StartAsync(Vm, None),
        "ShutDown" => Lab.ShutDownAsync(Vm, TimeSpan.FromMinutes(5), None),
        "Save" => Lab.SaveAsync(Vm, None),
        "Pause" => Lab.PauseAsync(Vm, None),
        _ => Lab.ResumeAsync(Vm, None),
    };
}
