using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Tests.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests;

/// <summary>What Hyper-V alone does so.</summary>
public sealed class HyperVHypervisorTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly SmallHost _host = new();

    private HyperVHypervisor HyperV => _host.HyperV;

    private VmKey Vm => _host.Vm;

    private SmallVm Machine => _host.Machine;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Marks_stand_behind_others_notes_which_stay_letter_by_letter()
    {
        const string others = "Owner: Ann\nVmUpdate is told of elsewhere\r\nVmUpdate.no mark: x\n\n<b>&";
        Machine.Notes = [others, "second"];
        await HyperV.SetMarkAsync(Vm, VmMarks.Woken, "Saved", None);
        await HyperV.SetMarkAsync(Vm, VmMarks.Pool, "two\r\nlines \\ and more", None);
        await HyperV.SetMarkAsync(Vm, VmMarks.Woken, "Off", None);
        Assert.Equal([others + "\r\nVmUpdate.pool: two\\r\\nlines \\\\ and more\r\nVmUpdate.woken: Off\r\n", "second"], Machine.Notes);
        Assert.Equal(
            [(VmMarks.Pool, "two\r\nlines \\ and more"), (VmMarks.Woken, "Off")],
            (await HyperV.GetMarksAsync(Vm, None)).Select(mark => (mark.Key, mark.Value)));
        await HyperV.SetMarkAsync(Vm, VmMarks.Woken, null, None);
        await HyperV.SetMarkAsync(Vm, VmMarks.Pool, null, None);
        Assert.Equal([others + "\r\n", "second"], Machine.Notes);
    }

    [Fact]
    public async Task A_mark_that_somebody_else_undoes_at_once_is_noted_again_and_then_given_up()
    {
        int writes = 0;
        _host.Small.OnCall = call =>
        {
            if (call.EndsWith("ModifySystemSettings", StringComparison.Ordinal))
            {
                writes++;
            }
            else if (writes is > 0 and < 3)
            {
                Machine.Notes = ["somebody else's"];
            }
        };
        await HyperV.SetMarkAsync(Vm, VmMarks.Pool, "p", None);
        Assert.Equal(3, writes);
        Assert.Equal(["somebody else's\r\nVmUpdate.pool: p\r\n"], Machine.Notes);

        _host.Small.OnCall = _ => Machine.Notes = [];
        Assert.Equal(HypervisorFailure.VmBusy, (await Assert.ThrowsAsync<HypervisorException>(() => HyperV.SetMarkAsync(Vm, VmMarks.Pool, "p", None))).Failure);
    }

    [Fact]
    public async Task A_disk_that_waits_to_be_merged_counts_as_a_checkpoint()
    {
        Machine.Disks[0].Path = "/vms/first_1234.AVHDX";
        Assert.True((await HyperV.GetAsync(Vm, None)).HasCheckpoints);
        Assert.True(Assert.Single(await HyperV.ListAsync(None)).HasCheckpoints);
    }

    [Fact]
    public async Task The_disks_of_a_checkpoint_are_not_deleted()
    {
        string held = _host.MakeDisk("held");
        Machine.Snapshots.Add(new SmallSnapshot("before", "Microsoft:Hyper-V:Snapshot:Recovery", held));
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(() => HyperV.DeleteDiskAsync(held, None));
        Assert.Equal(HypervisorFailure.DiskAttached, thrown.Failure);
        Assert.Contains("'PC-01'", thrown.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(held));
    }

    [Fact]
    public async Task A_machine_that_is_started_while_its_disk_is_replaced_has_its_old_disk_again_or_that_is_said()
    {
        VmDisk disk = Assert.Single(await HyperV.GetDisksAsync(Vm, None));
        string next = _host.MakeDisk("next");
        bool isSwitched = false;
        _host.Small.OnCall = call =>
        {
            // It is started behind the first switch, and stopped again before it is put back.
            isSwitched |= call.EndsWith("ModifyResourceSettings", StringComparison.Ordinal);
            Machine.State = (ushort)(isSwitched && call == "query Msvm_ComputerSystem" ? 2 : 3);
        };
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(() => HyperV.SwitchDiskAsync(Vm, disk.Location, disk.Path, next, None));
        Assert.Equal(HypervisorFailure.VmBusy, thrown.Failure);
        Assert.Equal(disk.Path, Machine.Disks[0].Path);

        Machine.State = 3;
        _host.Small.OnCall = _ => Machine.State = (ushort)(Machine.Disks[0].Path == next ? 2 : 3);
        thrown = await Assert.ThrowsAsync<HypervisorException>(() => HyperV.SwitchDiskAsync(Vm, disk.Location, disk.Path, next, None));
        Assert.Equal(HypervisorFailure.OperationFailed, thrown.Failure);
        Assert.Contains(disk.Path, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_switch_that_Hyper_V_only_says_it_did_is_found()
    {
        VmDisk disk = Assert.Single(await HyperV.GetDisksAsync(Vm, None));
        _host.Small.NextJob = (7, 0, string.Empty);
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(
            () => HyperV.SwitchDiskAsync(Vm, disk.Location, disk.Path, _host.MakeDisk("next"), None));
        Assert.Equal(HypervisorFailure.OperationFailed, thrown.Failure);
    }

    [Fact]
    public async Task The_boot_order_is_put_right_after_a_switch_without_what_is_gone()
    {
        VmDisk disk = Assert.Single(await HyperV.GetDisksAsync(Vm, None));
        string own = Machine.BootSources[0];
        string loader = SmallHyperV.PathText("Msvm_BootSourceSettingData", "Microsoft:loader");
        string network = SmallHyperV.PathText("Msvm_BootSourceSettingData", "Microsoft:network");
        Machine.BootSources = [loader, own, network];
        Assert.Equal(1, Assert.Single(await HyperV.GetDisksAsync(Vm, None)).BootOrder);
        _host.Small.OnCall = call => _ = call.EndsWith("ModifyResourceSettings", StringComparison.Ordinal) && Machine.BootSources.Remove(loader);
        await HyperV.SwitchDiskAsync(Vm, disk.Location, disk.Path, _host.MakeDisk("next"), None);
        Assert.Equal([own, network], Machine.BootSources);
    }

    [Fact]
    public async Task A_disk_of_the_hosts_that_is_passed_through_is_not_replaced()
    {
        Machine.Disks.Add(new SmallDisk { Path = @"\\HV01\root\virtualization\v2:Msvm_DiskDrive.DeviceID=""3""", IsPhysical = true, Slot = 1 });
        VmDisk passed = (await HyperV.GetDisksAsync(Vm, None))[1];
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(
            () => HyperV.SwitchDiskAsync(Vm, passed.Location, passed.Path, _host.MakeDisk("next"), None));
        Assert.Equal(HypervisorFailure.DiskNotUsable, thrown.Failure);
    }

    [Fact]
    public async Task A_guest_that_is_not_ready_yet_is_asked_again()
    {
        await HyperV.StartAsync(Vm, None);
        foreach (uint answer in new uint[] { 32780, 32777, 32774, 32782 })
        {
            Machine.ShutdownAnswers.Enqueue(answer);
        }

        // The last one says that it shuts down already, whoever asked.
        _host.Small.Later(TimeSpan.FromSeconds(40), () => Machine.State = 3);
        await HyperV.ShutDownAsync(Vm, Patience, None);
        Assert.Empty(Machine.ShutdownAnswers);
    }

    [Theory]
    [InlineData(32781U, HypervisorFailure.ShutdownRefused, "locked")]
    [InlineData(32768U, HypervisorFailure.ShutdownRefused, "code 32768")]
    [InlineData(32775U, HypervisorFailure.ShutdownRefused, "code 32775")]
    [InlineData(32769U, HypervisorFailure.AccessDenied, "denied")]
    public async Task A_guest_that_says_no_keeps_running(uint answer, HypervisorFailure failure, string says)
    {
        await HyperV.StartAsync(Vm, None);
        Machine.ShutdownAnswers.Enqueue(answer);
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(() => HyperV.ShutDownAsync(Vm, Patience, None));
        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(2, Machine.State);
    }

    [Fact]
    public async Task Without_integration_services_a_guest_cannot_be_asked_anything()
    {
        await HyperV.StartAsync(Vm, None);
        Machine.HasIntegrationServices = false;
        Assert.Equal(GuestReply.Unavailable, await HyperV.GetComputerNameAsync(Vm, Patience, None));
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(() => HyperV.ShutDownAsync(Vm, Patience, None));
        Assert.Equal(HypervisorFailure.ShutdownRefused, thrown.Failure);
        Assert.Contains("Enable-VMIntegrationService", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"b\">]><INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\"/>")]
    [InlineData("<INSTANCE CLASSNAME=\"Other\"><PROPERTY NAME=\"Name\" TYPE=\"string\"><VALUE>FullyQualifiedDomainName</VALUE></PROPERTY><PROPERTY NAME=\"Data\" TYPE=\"string\"><VALUE>evil</VALUE></PROPERTY></INSTANCE>")]
    [InlineData("<INSTANCE")]
    [InlineData("")]
    public async Task What_a_guest_puts_among_its_items_is_data(string item)
    {
        Machine.GuestItems = [item, new string('x', 100_000)];
        await HyperV.StartAsync(Vm, None);
        Assert.Equal("pc-small", (await HyperV.GetComputerNameAsync(Vm, Patience, None)).ComputerName);
    }

    [Theory]
    [InlineData("a\u0085b")]
    [InlineData("")]
    public async Task A_name_that_is_none_is_no_answer(string name)
    {
        Machine.GuestName = name;
        await HyperV.StartAsync(Vm, None);
        Assert.Equal(GuestReply.Silent, await HyperV.GetComputerNameAsync(Vm, TimeSpan.FromSeconds(10), None));
    }

    [Fact]
    public async Task Nobody_is_sent_a_message_or_logged_off_through_Hyper_V()
    {
        await Assert.ThrowsAsync<HypervisorException>(() => HyperV.SendMessageAsync(Vm, 1, "x", None));
        await Assert.ThrowsAsync<HypervisorException>(() => HyperV.LogOffAsync(Vm, 1, None));
        Assert.Null(await HyperV.GetSessionsAsync(Vm, None));
    }

    [Fact]
    public async Task The_load_is_read_again_after_a_second_and_twice_after_a_while()
    {
        int reads = 0;
        _host.Small.OnCall = call => reads += call.Contains("LogicalProcessor", StringComparison.Ordinal) ? 1 : 0;
        await HyperV.GetLoadAsync(None);
        Assert.Equal(2, reads);
        await HyperV.GetLoadAsync(None);
        Assert.Equal(2, reads);
        _host.Small.ProcessorPercent = 250;
        _host.Small.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(100, (await HyperV.GetLoadAsync(None)).CpuPercent);
        Assert.Equal(3, reads);
        _host.Small.Clock.Advance(TimeSpan.FromMinutes(2));
        await HyperV.GetLoadAsync(None);
        Assert.Equal(5, reads);
    }

    [Fact]
    public void Settings_as_text_are_those_that_were_read()
    {
        var record = new CimRecord(
            new CimPath(SmallHyperV.V2, "Msvm_VirtualSystemSettingData", new Dictionary<string, object>()),
            new Dictionary<string, object?>
            {
                ["Notes"] = new[] { "a\r\nb <&>", string.Empty }, ["SecureBootEnabled"] = true, ["BootOrder"] = new ushort[] { 3, 2 }, ["LowMmioGapSize"] = ulong.MaxValue,
                ["CreationTime"] = new DateTime(2026, 11, 27, 1, 2, 3, DateTimeKind.Utc), ["AutomaticStartupActionDelay"] = new TimeSpan(1, 2, 3, 4), ["Parent"] = null,
            });
        EmbeddedInstance read = EmbeddedInstance.Parse(CimXml.Write(record), SmallHyperV.V2);
        Assert.Equal(["a\r\nb <&>", string.Empty], (string[])read.Properties["Notes"]);
        Assert.Equal(["3", "2"], (string[])read.Properties["BootOrder"]);
        Assert.Equal((true, ulong.MaxValue), (read.Properties["SecureBootEnabled"], read.Properties["LowMmioGapSize"]));
        Assert.Equal(
            ("20261127010203.000000+000", "00000001020304.000000:000"), (read.Properties["CreationTime"], read.Properties["AutomaticStartupActionDelay"]));
        Assert.False(read.Properties.ContainsKey("Parent"));
    }

    [Theory]
    [InlineData(@"\\HV01\root\virtualization\v2:Msvm_X.InstanceID=""Microsoft:A\\B\\0""", @"root\virtualization\v2", "Msvm_X", @"Microsoft:A\B\0")]
    [InlineData(@"root\cimv2:X.InstanceID=""a \""q\"" = ,b""", @"root\cimv2", "X", @"a ""q"" = ,b")]
    [InlineData(@"\\HV01\root\v2:X.CreationClassName=""C"",InstanceID=""i""", @"root\v2", "X", "i")]
    public void A_path_of_WMI_is_read(string text, string place, string className, string id)
    {
        CimPath path = CimPath.TryParse(text)!;
        Assert.Equal((place, className, id), (path.Namespace, path.ClassName, path.Keys["InstanceID"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("C:\\disk.vhdx")]
    [InlineData("root:X.Id=5")]
    [InlineData("root:X.Id=\"open")]
    [InlineData("root:X.Id=\"a\"b\"")]
    [InlineData("root:X.Id=")]
    [InlineData("root:X.")]
    [InlineData("root:X.Id=\"a\\")]
    public void What_is_no_path_of_WMI_is_none(string text) => Assert.Null(CimPath.TryParse(text));

    [Fact]
    public void Quotes_in_a_query_stand_for_themselves() => Assert.Equal(
        @"SELECT * FROM C WHERE P = 'a\'b\\c'", new CimQuery("n", "C", "P", @"a'b\c").ToWql());
}
