using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Tests.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests;

/// <summary>Hosts, accounts and machines that are not as they should be: one clear error each.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly SmallHost _host = new();

    private SmallHyperV Small => _host.Small;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(CimStatus.InvalidNamespace, "HRESULT 0x8004100e", HypervisorFailure.HostNotUsable, "Install-WindowsFeature Hyper-V")]
    [InlineData(CimStatus.InvalidClass, "", HypervisorFailure.HostNotUsable, "Windows Server 2016")]
    [InlineData(CimStatus.AccessDenied, "", HypervisorFailure.AccessDenied, "Hyper-V Administrators")]
    [InlineData(CimStatus.Failed, "HRESULT 0x80070005", HypervisorFailure.AccessDenied, "Hyper-V Administrators")]
    [InlineData(CimStatus.Failed, "HRESULT 0x8007052e", HypervisorFailure.AccessDenied, "Hyper-V Administrators")]
    [InlineData(CimStatus.Failed, "HRESULT 0x80338012", HypervisorFailure.HostNotReachable, "Enable-PSRemoting")]
    [InlineData(CimStatus.Failed, "HRESULT 0x803380e4", HypervisorFailure.HostNotReachable, "TrustedHosts")]
    [InlineData(CimStatus.Failed, "HRESULT 0x80338126", HypervisorFailure.HostNotReachable, "firewall")]
    [InlineData(CimStatus.Failed, "HRESULT 0x800706ba", HypervisorFailure.HostNotReachable, "firewall")]
    [InlineData(CimStatus.Failed, "", HypervisorFailure.OperationFailed, "Es ging schief.")]
    public async Task A_host_that_cannot_be_worked_with_says_why_and_what_to_do(int status, string id, HypervisorFailure failure, string says)
    {
        Small.OnCall = _ => throw new CimFailureException(status, id, "Es ging schief");
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(
            () => HyperVHypervisor.OpenAsync(Small.Connect("HV01"), SmallHost.Options(Small), None));
        Assert.Equal((failure, "HV01"), (thrown.Failure, thrown.Subject));
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Es ging schief.", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_is_shown_nothing_is_told_that_it_has_no_right()
    {
        Small.ShowsNothing = true;
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(
            () => HyperVHypervisor.OpenAsync(Small.Connect(), SmallHost.Options(Small), None));
        Assert.Equal((HypervisorFailure.AccessDenied, "this computer"), (thrown.Failure, thrown.Subject));
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")]
    [InlineData("To be filled by O.E.M.")]
    public async Task A_board_without_an_id_of_its_own_leaves_the_host_its_name(string id)
    {
        Small.BoardId = id;
        using HyperVHypervisor host = await HyperVHypervisor.OpenAsync(Small.Connect(), SmallHost.Options(Small), None);
        Assert.Equal("hyperv-HV01", host.HostId);
    }

    [Fact]
    public async Task A_host_that_is_gone_in_the_middle_of_a_job_is_named_as_such()
    {
        Small.OnCall = call => _ = call == "get Msvm_ConcreteJob" ? throw new CimFailureException(CimStatus.Failed, "HRESULT 0x800706BE", "The call failed") : 0;
        HypervisorException thrown = await FailsAsync(HypervisorFailure.HostNotReachable, () => _host.Hypervisor.StartAsync(_host.Vm, None));
        Assert.Contains("starting it had begun", thrown.Message, StringComparison.Ordinal);
        Assert.True(thrown.IsTransient);
    }

    [Theory]
    [InlineData(10, 32768, "'PC-01' failed: the file was not found (0x80070002).", HypervisorFailure.DiskNotUsable)]
    [InlineData(10, 32768, "Out of memory (0x8007000E).", HypervisorFailure.OperationFailed)]
    [InlineData(10, 32779, "", HypervisorFailure.DiskNotUsable)]
    [InlineData(8, 32769, "", HypervisorFailure.AccessDenied)]
    [InlineData(9, 32774, "", HypervisorFailure.VmBusy)]
    public async Task A_job_that_failed_gives_its_code_and_words(int state, int code, string words, HypervisorFailure failure)
    {
        Small.NextJob = ((ushort)state, (ushort)code, words);
        HypervisorException thrown = await FailsAsync(failure, () => _host.Hypervisor.StartAsync(_host.Vm, None));
        Assert.Contains($"code {code}", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(words, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_with_warnings_and_one_that_is_forgotten_at_its_end_count_by_what_came_of_them()
    {
        Small.ForgetsJobs = true;
        await _host.Hypervisor.StartAsync(_host.Vm, None);
        Small.ForgetsJobs = false;
        Small.NextJob = (32768, 0, string.Empty);
        _host.Machine.IgnoresShutdown = true;
        HypervisorException thrown = await FailsAsync(HypervisorFailure.OperationFailed, () => _host.Hypervisor.SaveAsync(_host.Vm, None));
        Assert.Contains("still Running", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_takes_too_long_is_named_and_goes_on()
    {
        await _host.Hypervisor.StartAsync(_host.Vm, None);
        Small.JobTime = TimeSpan.FromMinutes(40);
        HypervisorException thrown = await FailsAsync(HypervisorFailure.VmBusy, () => _host.Hypervisor.SaveAsync(_host.Vm, None));
        Assert.Contains("saving it is not done after 15 minutes (43 %), and goes on", thrown.Message, StringComparison.Ordinal);
        Small.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(VmPowerState.Saved, (await _host.Hypervisor.GetAsync(_host.Vm, None)).State);
    }

    [Fact]
    public async Task A_machine_that_is_renamed_meanwhile_is_still_the_same_and_one_that_is_deleted_is_not_found()
    {
        Small.Later(TimeSpan.FromSeconds(1), () => _host.Machine.Name = "PC-02");
        await _host.Hypervisor.StartAsync(_host.Vm, None);
        Assert.Equal("PC-02", (await _host.Hypervisor.GetAsync(_host.Vm, None)).Name);
        Small.Later(TimeSpan.FromSeconds(1), () => Small.Vms.Clear());
        await FailsAsync(HypervisorFailure.VmNotFound, () => _host.Hypervisor.SaveAsync(_host.Vm, None));
    }

    [Fact]
    public async Task Two_machines_of_one_name_are_two()
    {
        Small.Add(new SmallVm { Name = _host.Machine.Name });
        Assert.Equal(2, (await _host.Hypervisor.ListAsync(None)).Where(vm => vm.Name == _host.Machine.Name).Select(vm => vm.Key).Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(32768)]
    [InlineData(32774)]
    [InlineData(32779)]
    [InlineData(32783)]
    [InlineData(65535)]
    public async Task A_state_that_is_not_known_is_changing_and_nothing_is_done_in_it(int state)
    {
        _host.Machine.State = (ushort)state;
        Assert.Equal(VmPowerState.Changing, (await _host.Hypervisor.GetAsync(_host.Vm, None)).State);
        foreach (Func<Task> verb in new Func<Task>[]
        {
            () => _host.Hypervisor.StartAsync(_host.Vm, None), () => _host.Hypervisor.SaveAsync(_host.Vm, None),
            () => _host.Hypervisor.ResumeAsync(_host.Vm, None), () => _host.Hypervisor.PauseAsync(_host.Vm, None),
            () => _host.Hypervisor.ShutDownAsync(_host.Vm, TimeSpan.FromMinutes(1), None),
            () => _host.Hypervisor.SwitchDiskAsync(_host.Vm, default, _host.Machine.Disks[0].Path, _host.MakeDisk("next"), None),
        })
        {
            HypervisorException thrown = await FailsAsync(HypervisorFailure.VmBusy, verb);
            Assert.Contains($"state {state}", thrown.Message, StringComparison.Ordinal);
        }

        Assert.Equal(state, _host.Machine.State);
    }

    [Theory]
    [InlineData(32768, "checkpoint")]
    [InlineData(32772, "merged")]
    [InlineData(32773, "exported")]
    [InlineData(32774, "moved to another host")]
    [InlineData(32799, "status 32799")]
    public async Task Others_work_on_a_machine_is_waited_for_and_then_it_is_busy(int status, string says)
    {
        _host.Machine.Status.Add((ushort)status);
        TimeSpan begun = Small.Clock.Monotonic;
        HypervisorException thrown = await FailsAsync(HypervisorFailure.VmBusy, () => _host.Hypervisor.StartAsync(_host.Vm, None));
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
        Assert.InRange(Small.Clock.Monotonic - begun, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3));
        Small.Later(TimeSpan.FromSeconds(30), () => _host.Machine.Status.RemoveAt(1));
        await _host.Hypervisor.StartAsync(_host.Vm, None);
    }

    [Fact]
    public async Task A_path_that_is_here_and_on_another_host_is_not_touched_here()
    {
        using HyperVHypervisor remote = await HyperVHypervisor.OpenAsync(
            new SchemaCheckedClient(Small.Connect("HV01")), SmallHost.Options(Small), None);
        Assert.False(remote.DisksAreHere);
        string path = _host.MakeDisk("next");
        HypervisorException thrown = await FailsAsync(HypervisorFailure.DiskNotReachable, () => remote.DeleteDiskAsync(path, None));
        Assert.Contains("Invoke-Command -ComputerName HV01", thrown.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        VmDisk disk = Assert.Single(await remote.GetDisksAsync(_host.Vm, None));
        await FailsAsync(HypervisorFailure.DiskNotReachable, () => remote.SwitchDiskAsync(_host.Vm, disk.Location, disk.Path, path, None));
        Assert.Equal(disk.Path, _host.Machine.Disks[0].Path);
    }

    private static async Task<HypervisorException> FailsAsync(HypervisorFailure failure, Func<Task> call)
    {
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(call);
        Assert.True(thrown.Failure == failure, $"{thrown.Failure} instead of {failure}: {thrown.Message}");
        return thrown;
    }
}
