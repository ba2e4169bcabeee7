using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <content>What is told of machines and their host, and which machines are meant.</content>
public abstract partial class HypervisorConformance
{
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
}
