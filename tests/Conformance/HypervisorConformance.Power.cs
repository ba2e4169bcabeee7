using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <content>What a machine's states allow, and who else is at work on it.</content>
public abstract partial class HypervisorConformance
{
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
}
