using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <content>Machines that are made for a piece of work.</content>
public abstract partial class HypervisorConformance
{
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
}
