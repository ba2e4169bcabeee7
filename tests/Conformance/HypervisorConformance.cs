using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <summary>What every host of virtual machines must do: one suite for the lab, for libvirt's mock driver, for real QEMU, and for those to come.</summary>
public abstract partial class HypervisorConformance : IAsyncLifetime
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
