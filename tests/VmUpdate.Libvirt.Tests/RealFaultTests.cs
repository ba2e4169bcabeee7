using System.Collections.Concurrent;
using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Tests.Support;
using VmUpdate.RealQemu;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>libvirtd and machines that are killed in the middle of something.</summary>
[Collection("real QEMU")]
public sealed class RealFaultTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static LibvirtHypervisor Libvirt => RealHost.Libvirt;

    private static PrivateLibvirtd Libvirtd => PrivateLibvirtd.Shared;

    [Fact]
    public async Task While_libvirtd_is_away_each_call_says_so_and_when_it_is_back_the_states_are_true()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await host.StartAsync();
        using (Libvirtd.Hold())
        {
            Assert.Equal(HypervisorFailure.HostNotReachable, await FailureAsync(() => Libvirt.GetAsync(host.Vm, None)));
            HypervisorException failure = await Assert.ThrowsAsync<HypervisorException>(() => Libvirt.ListAsync(None));
            Assert.Equal((HypervisorFailure.HostNotReachable, true), (failure.Failure, failure.IsTransient));
            Assert.True(PrivateLibvirtd.KillMachine(host.Vm.VmId));
        }

        Assert.Equal(VmPowerState.Off, await host.StateAsync());
        await host.StartAsync();
        Libvirtd.Kill();
        Libvirtd.WaitUntilReachable();
        Assert.Equal(VmPowerState.Running, await host.StateAsync());
        await host.AwaitGuestAsync();
    }

    [Fact]
    public async Task A_watcher_hears_of_machines_again_after_libvirtd_was_killed_though_nobody_else_calls()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await host.StartAsync();
        using LibvirtHypervisor watching = RealLibvirt.Open();
        var heard = new ConcurrentQueue<VmKey>();
        using IDisposable watch = watching.Watch(heard.Enqueue);
        Libvirtd.Kill();
        await Eventually.TrueAsync(() => heard.Contains(host.Vm));
        heard.Clear();
        await Eventually.TrueAsync(async () =>
        {
            await Libvirt.PauseAsync(host.Vm, None);
            await Libvirt.ResumeAsync(host.Vm, None);
            return heard.Contains(host.Vm);
        });
    }

    [Fact]
    public async Task A_guest_shuts_down_cleanly_though_libvirtd_is_killed_meanwhile()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await Libvirt.StartAsync(host.Vm, None);
        Task<HypervisorFailure?> ending = EndAsync(() => Libvirt.ShutDownAsync(host.Vm, RealHost.Patience, None));
        await Task.Delay(300);
        Libvirtd.Kill();
        HypervisorFailure? end = await ending;
        if (end is not null)
        {
            // It was killed before the order was given: that is said, and the order can be given again.
            Assert.Equal(HypervisorFailure.HostNotReachable, end);
            Libvirtd.WaitUntilReachable();
            await Libvirt.ShutDownAsync(host.Vm, RealHost.Patience, None);
        }

        Assert.Equal(VmPowerState.Off, await host.StateAsync());
    }

    [Fact]
    public async Task A_save_that_libvirtd_was_killed_in_is_done_or_not_and_the_machine_its_disk_and_its_memory_are_whole()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await host.StartAsync();
        await host.ShellAsync("echo kept > /tmp/memory");
        for (int milliseconds = 20; milliseconds <= 320; milliseconds *= 4)
        {
            Task<HypervisorFailure?> ending = EndAsync(() => Libvirt.SaveAsync(host.Vm, None));
            await Task.Delay(milliseconds);
            Libvirtd.Kill();
            Libvirtd.WaitUntilReachable();
            HypervisorFailure? end = await ending;
            Assert.True(end is null or HypervisorFailure.HostNotReachable, $"It ended with {end} when libvirtd was killed after {milliseconds} ms.");

            // What libvirt itself makes of a broken save is its own; that state is told, and work goes on from there.
            VmPowerState state = await SettledAsync(host);
            Assert.True(state is VmPowerState.Running or VmPowerState.Saved, $"It was left {state} when libvirtd was killed after {milliseconds} ms.");
            if (state == VmPowerState.Saved)
            {
                await Libvirt.StartAsync(host.Vm, None);
            }

            await host.AwaitGuestAsync();
            await host.ShellAsync("grep -q kept /tmp/memory && dd if=/tmp/memory of=/dev/vda bs=512 seek=7 conv=sync,fsync");
        }
    }

    [Fact]
    public async Task A_machine_that_is_killed_is_off_and_what_was_asked_of_it_fails_as_that()
    {
        await using RealHost host = await RealHost.CreateAsync("noagent");
        await Libvirt.StartAsync(host.Vm, None);
        Task<GuestReply> name = Libvirt.GetComputerNameAsync(host.Vm, RealHost.Patience, None);
        await Task.Delay(300);
        Assert.True(PrivateLibvirtd.KillMachine(host.Vm.VmId));
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => name));
        Assert.Equal(VmPowerState.Off, await host.StateAsync());

        await Libvirt.StartAsync(host.Vm, None);
        Task save = Libvirt.SaveAsync(host.Vm, None);
        HypervisorFailure? end = await EndAsync(async () =>
        {
            PrivateLibvirtd.KillMachine(host.Vm.VmId);
            await save;
        });
        Assert.NotEqual(HypervisorFailure.HostNotReachable, end);
        Assert.Equal(end is null ? VmPowerState.Saved : VmPowerState.Off, await SettledAsync(host));
    }

    [Fact]
    public async Task A_machine_that_is_taken_away_while_its_guest_shuts_down_is_not_found()
    {
        await using RealHost host = await RealHost.CreateAsync("noagent");
        await Libvirt.StartAsync(host.Vm, None);
        Task down = Libvirt.ShutDownAsync(host.Vm, RealHost.Patience, None);
        await Task.Delay(200);
        PrivateLibvirtd.Shared.Remove(host.Vm.VmId);
        Assert.True(await EndAsync(() => down) is null or HypervisorFailure.VmNotFound);
    }

    private static async Task<VmPowerState> SettledAsync(RealHost host)
    {
        VmPowerState state = VmPowerState.Changing;
        await Eventually.TrueAsync(async () => (state = await host.StateAsync()) != VmPowerState.Changing);
        return state;
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
}
