using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <content>Disks: which a machine has, and how one takes the place of another.</content>
public abstract partial class HypervisorConformance
{
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
}
