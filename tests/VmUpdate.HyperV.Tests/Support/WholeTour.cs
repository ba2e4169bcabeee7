using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Sessions;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>Everything that is done with Hyper-V, once, each with a look at what came of it.</summary>
internal static class WholeTour
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Runs it on a small Hyper-V of its own.</summary>
    /// <param name="wrap">What stands between the code under test and the schema.</param>
    internal static async Task RunAsync(Func<ICimClient, ICimClient> wrap)
    {
        using var folder = new TempFolder();
        string MakeDisk(string name)
        {
            File.WriteAllBytes(folder.File(name), []);
            return folder.File(name);
        }

        var small = new SmallHyperV();
        SmallVm vm = small.Add(new SmallVm
        {
            Notes = ["Owner: Ann"],
            HasDynamicMemory = true,
            Disks =
            {
                new SmallDisk { Path = MakeDisk("os.vhdx"), Controller = 1, Slot = 2 },
                new SmallDisk { Path = MakeDisk("data.vhdx"), Controller = 0, Slot = 1 },
                new SmallDisk { Path = "\\\\.\\PHYSICALDRIVE3", IsPhysical = true, Slot = 5 },
                new SmallDisk { Path = MakeDisk("windows.iso"), IsDvd = true, Slot = 6 },
            },
        });
        SmallVm old = small.Add(new SmallVm
        {
            Name = "OLD-01",
            IsGeneration2 = false,
            State = 6,
            Disks = { new SmallDisk { Path = MakeDisk("second.vhdx"), IsIde = true, Controller = 1 }, new SmallDisk { Path = MakeDisk("first.vhdx"), IsIde = true } },
        });
        using HyperVHypervisor host = await HyperVHypervisor.OpenAsync(
            wrap(new SchemaCheckedClient(small.Connect())), new HyperVOptions { Files = new HostFileSystem(), Clock = small.Clock, Sessions = () => small.Sessions }, None);
        Assert.Equal(("hyperv-4c4c4544-0042-3510-8051-b4c04f4a3732", "HV01", true), (host.HostId, host.HostName, host.DisksAreHere));
        VmKey key = new(host.HostId, vm.Id);
        VmKey oldKey = new(host.HostId, old.Id);
        await LookAsync(host, key, oldKey, small);
        await SwitchAsync(host, key, vm, folder.File("os.vhdx"), MakeDisk("next.vhdx"));
        await MeasureAsync(host, key, vm);
        await RunGuestAsync(host, key, small);
        await BuildAsync(host, key, small, MakeDisk("build.vhdx"));
        await ManageAsync(host, key, small);
    }

    private static async Task BuildAsync(HyperVHypervisor host, VmKey key, SmallHyperV small, string disk)
    {
        SmallVm model = small.Vms[0];
        model.SecureBoot = true;
        model.HasDynamicMemory = true;
        model.BootOrder.Reverse();
        model.Adapters.Add(new SmallAdapter { Switch = "unused" });
        model.Adapters.Add(new SmallAdapter { Switch = "switch" });
        VmKey made = await host.CreateAsync(
            new BuildMachine(Guid.NewGuid(), "build", key, new DiskLocation(DiskController.Scsi, 1, 2), disk, HasNetwork: true), None);
        SmallVm vm = small.Vms.Single(found => found.Id == made.VmId);
        Assert.Equal(
            (model.IsGeneration2, true, model.SecureBootTemplate, 2UL, false, model.MemoryMegabytes, model.MostMegabytes, model.LeastMegabytes),
            (vm.IsGeneration2, vm.SecureBoot, vm.SecureBootTemplate, vm.StartupAction, vm.MakesSnapshots, vm.MemoryMegabytes, vm.MostMegabytes, vm.LeastMegabytes));
        Assert.Equal((true, model.Processors, 2), (vm.HasDynamicMemory, vm.Processors, vm.Adapters.Count));
        Assert.Equal(model.BootOrder, vm.BootOrder);
        Assert.Equal(["unused", "switch"], vm.Adapters.Select(adapter => adapter.Switch));
        Assert.All(vm.Adapters, adapter => Assert.Equal(("00155D0000FF", false), (adapter.Address, adapter.IsStatic)));
        Assert.Equal((1, 2, disk), (Assert.Single(vm.Disks).Controller, vm.Disks[0].Slot, vm.Disks[0].Path));
        await host.RemoveAsync(made, None);
        Assert.DoesNotContain(vm, small.Vms);
        await SpeakAsync(host, key, small);
    }

    private static async Task SpeakAsync(HyperVHypervisor host, VmKey key, SmallHyperV small)
    {
        SmallVm vm = small.Vms[0];
        (vm.State, vm.Agent) = (2, new SmallAgent());
        vm.HostItems["VmUpdate.h.3"] = "left by a former opener";
        using (Stream port = await host.OpenGuestPortAsync(key, None))
        {
            Assert.DoesNotContain(vm.HostItems, item => item.Value.StartsWith("left", StringComparison.Ordinal));
            byte[] sent = new byte[100_000];
            new Random(7).NextBytes(sent);
            byte[] back = new byte[sent.Length];
            await port.WriteAsync(sent, None);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await port.ReadExactlyAsync(back, limit.Token);
            Assert.Equal(sent, back);
        }

        (vm.State, vm.Agent) = (3, null);
    }

    private static async Task ManageAsync(HyperVHypervisor host, VmKey key, SmallHyperV small)
    {
        SmallVm vm = small.Vms[0];
        Assert.Equal(new MachineTraits(VmFirmware.Uefi), await host.GetTraitsAsync(key, None));
        (vm.HasTpm, vm.IsShielded, vm.ReplicationMode) = (true, true, 1);
        vm.Snapshots.Add(new SmallSnapshot("RDV_Rollback - x", "Microsoft:Hyper-V:Snapshot:Realized", "/old.vhdx"));
        (small.NodeState, vm.ClusterNode) = (2, "HV01");
        small.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(
            new MachineTraits(VmFirmware.Uefi) { HasTpm = true, IsShielded = true, IsClustered = true, RollbackCheckpoint = "RDV_Rollback - x" },
            await host.GetTraitsAsync(key, None));
        Assert.Equal("RDS, failover cluster, Hyper-V Replica", (await host.ListAsync(None))[0].ManagedBy);
        Assert.True((await host.GetLoadAsync(None)).IsInMaintenance);
        await host.RenewRollbackCheckpointAsync(key, "RDV_Rollback - x", None);
        Assert.Equal(("RDV_Rollback - x", vm.Disks[0].Path), (Assert.Single(vm.Snapshots).Name, vm.Snapshots[0].DiskPath));
        vm.ClusterNode = "HV02";
        Assert.Equal(HypervisorFailure.VmNotFound, (await Assert.ThrowsAsync<HypervisorException>(() => host.StartAsync(key, None))).Failure);
    }

    private static async Task LookAsync(HyperVHypervisor host, VmKey key, VmKey oldKey, SmallHyperV small)
    {
        Assert.Equal(
            [new VirtualMachine(key, "PC-01", VmPowerState.Off, false, string.Empty), new VirtualMachine(oldKey, "OLD-01", VmPowerState.Saved, false, string.Empty)],
            await host.ListAsync(None));
        SmallVm old = small.Vms[1];
        old.Snapshots.Add(new SmallSnapshot("before", "Microsoft:Hyper-V:Snapshot:Realized", "/snapshots/first.avhdx"));
        Assert.True((await host.GetAsync(oldKey, None)).HasCheckpoints);
        Assert.True((await host.ListAsync(None))[1].HasCheckpoints);
        IReadOnlyList<AttachedDisk> attached = await host.ListDisksAsync(None);
        Assert.Contains(new AttachedDisk(oldKey, "OLD-01", "/snapshots/first.avhdx"), attached);
        Assert.Equal(5, attached.Count);
        Assert.Equal(
            [(new DiskLocation(DiskController.Ide, 0, 0), (int?)1), (new DiskLocation(DiskController.Ide, 1, 0), null)],
            (await host.GetDisksAsync(oldKey, None)).Select(disk => (disk.Location, disk.BootOrder)));
        Assert.Equal(
            [
                (new DiskLocation(DiskController.Scsi, 0, 1), (int?)1), (new DiskLocation(DiskController.Scsi, 0, 5), 2),
                (new DiskLocation(DiskController.Scsi, 1, 2), 0),
            ],
            (await host.GetDisksAsync(key, None)).Select(disk => (disk.Location, disk.BootOrder)));

        small.JobTime = TimeSpan.Zero;
        await host.SetMarkAsync(key, VmMarks.Pool, "Sales", None);
        small.JobTime = TimeSpan.FromSeconds(1);
        Assert.Equal("Sales", (await host.GetMarksAsync(key, None))[VmMarks.Pool]);
        Assert.Equal("Owner: Ann\r\nVmUpdate.pool: Sales\r\n", Assert.Single(small.Vms[0].Notes));
    }

    private static async Task SwitchAsync(HyperVHypervisor host, VmKey key, SmallVm vm, string present, string next)
    {
        string[] sources = [.. vm.BootSources];
        await host.SwitchDiskAsync(key, new DiskLocation(DiskController.Scsi, 1, 2), present, next, None);
        Assert.Equal(next, vm.Disks[0].Path);
        Assert.Equal(sources, vm.BootSources);
    }

    private static async Task MeasureAsync(HyperVHypervisor host, VmKey key, SmallVm vm)
    {
        HostLoad load = await host.GetLoadAsync(None);
        Assert.Equal((17, 32L << 30, 128L << 30), (load.CpuPercent, load.FreeMemoryBytes, load.TotalMemoryBytes));
        VmFootprint off = await host.GetFootprintAsync(key, None);
        Assert.Equal((16L << 30, 1L << 40), (off.MemoryBytes, load.VolumeFreeBytes[off.Volume]));
        vm.State = 6;
        Assert.Equal(6L << 30, (await host.GetFootprintAsync(key, None)).MemoryBytes);
        vm.HasDynamicMemory = false;
        Assert.Equal(4L << 30, (await host.GetFootprintAsync(key, None)).MemoryBytes);
        vm.State = 3;
    }

    private static async Task RunGuestAsync(HyperVHypervisor host, VmKey key, SmallHyperV small)
    {
        SmallVm vm = small.Vms[0];
        vm.Status.Add(32773);
        small.Later(TimeSpan.FromSeconds(20), () => vm.Status.RemoveAt(1));
        await host.StartAsync(key, None);
        Assert.True(small.Clock.Monotonic > TimeSpan.FromSeconds(20));
        vm.HasHeartbeat = false;
        Assert.Equal(GuestReply.Silent, await host.GetComputerNameAsync(key, TimeSpan.FromSeconds(5), None));
        vm.HasHeartbeat = true;
        Assert.Equal(new GuestReply(GuestReplyKind.Answered, "pc-small"), await host.GetComputerNameAsync(key, TimeSpan.FromSeconds(5), None));
        Assert.Null(await host.GetSessionsAsync(key, None));
        small.List(new TerminalSession("pc-01", 2, "CONTOSO", "ann", 0));
        Assert.Equal([new UserSession(2, @"CONTOSO\ann", true)], await host.GetSessionsAsync(key, None));
        await FailsAsync(small, (10, 32769, "Access denied."), HypervisorFailure.AccessDenied, "32769", () => host.PauseAsync(key, None));
        await FailsAsync(small, (10, 32768, ""), HypervisorFailure.OperationFailed, "It failed.", () => host.PauseAsync(key, None), summary: true);
        small.JobTime = TimeSpan.FromHours(1);
        HypervisorException late = await Assert.ThrowsAsync<HypervisorException>(() => host.PauseAsync(key, None));
        Assert.Contains("(43 %)", late.Message, StringComparison.Ordinal);
        small.Clock.Advance(TimeSpan.FromHours(1));
        small.JobTime = TimeSpan.FromSeconds(1);
        await host.ResumeAsync(key, None);
        await host.SaveAsync(key, None);
        await host.StartAsync(key, None);
        await host.ShutDownAsync(key, TimeSpan.FromMinutes(1), None);
        Assert.Equal(VmPowerState.Off, (await host.GetAsync(key, None)).State);
    }

    private static async Task FailsAsync(
        SmallHyperV small, (ushort State, ushort Code, string Words) end, HypervisorFailure failure, string says, Func<Task> call, bool summary = false)
    {
        small.NextJob = end with { Words = summary ? SmallHyperV.SummaryOnly : end.Words };
        HypervisorException thrown = await Assert.ThrowsAsync<HypervisorException>(call);
        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
    }
}
