using System.Text;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using VmUpdate.Libvirt.Tests.Support;
using VmUpdate.Simulation.Machines;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>The next version of a master, made by a guest that really runs, and a machine on it.</summary>
[Collection("real QEMU")]
public sealed class RealBuildTests
{
    private const int Sector = 100; // between the partition table and the first partition
    private static readonly CancellationToken None = CancellationToken.None;

    private static LibvirtHypervisor Libvirt => RealHost.Libvirt;

    [Fact]
    public async Task A_task_that_ran_in_a_build_machine_is_in_the_new_master_and_seen_in_the_guest_of_a_machine_moved_to_it()
    {
        await using RealHost host = await RealHost.CreateAsync();
        using var folder = new TempFolder();
        LabContents lab = await LabFactory.CreateAsync(
            folder.File("lab"),
            new LabPlan { PooledCount = 1, WithRefusedMachine = false, Timings = LabTimings.None, DiskLength = 32L << 20 },
            new LabOptions { Files = new HostFileSystem() },
            None);
        string master = Path.Combine(Path.GetDirectoryName(host.Disk)!, "master.vhdx");
        Copy((await lab.Lab.GetDisksAsync(lab.Pooled[0], None))[0].Path, host.Disk);
        Copy(lab.PresentMaster, master);
        string hash = SwapWorld.Sha256(master);
        IReadOnlyList<string> identity = SwapWorld.Describe(host.Disk);

        using VmUpdateStore store = VmUpdateStore.Open(folder.File("store"), new StoreOptions { Files = new HostFileSystem() });
        var pools = new PoolService(Libvirt, store);
        pools.Create("Office", master, null);
        await pools.DeclareAsync(host.Vm, MachineRole.Pooled, "Office", None);
        VersionServices services = Services(store);
        ImageVersion version = await new ImageVersionService(services).BuildAsync(
            "Office", Options($"echo patched | dd of=/dev/vda bs=512 seek={Sector} conv=sync,fsync"), null, None);

        Assert.Equal("patched", ReadSector(version.Path));
        Assert.Equal((hash, string.Empty), (SwapWorld.Sha256(master), ReadSector(master)));
        Assert.Equal([host.Disk, version.Path, master], Directory.GetFiles(Path.GetDirectoryName(host.Disk)!, "*.vhdx").Order());
        Assert.DoesNotContain(await Libvirt.ListAsync(None), machine => machine.Name.EndsWith("-build", StringComparison.Ordinal));

        PooledVmUpdateResult moved = Assert.Single(await new PooledImageUpdater(services.Images).UpdateAsync(
            VmSelection.ByPool("Office"), new SwapOptions(), null, None));
        Assert.Equal((PooledVmUpdateState.Updated, version.Path, string.Empty), (moved.State, moved.To, moved.Error));
        Assert.Equal(identity, SwapWorld.Describe(moved.DiskPath));
        await host.StartAsync();
        await host.ShellAsync($"dd if=/dev/vda bs=512 skip={Sector} count=1 | grep -q patched");
    }

    private static VersionServices Services(VmUpdateStore store)
    {
        store.Write(t => t.SaveLimits(
            Libvirt.HostId,
            new HostLimits { CpuCeilingPercent = 100, ReserveBytes = 0, ReservePercent = 0, VolumeReserveBytes = 0, SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero },
            SystemClock.Instance.UtcNow));
        return new VersionServices
        {
            Images = new UpdaterServices
            {
                Hypervisor = Libvirt, Sessions = Libvirt, Guests = Libvirt, Store = store, Files = new HostFileSystem(),
                Identities = new MemoryIdentityStore(), Catalogue = IdentityCatalogue.LoadBuiltIn(),
            },
            Broker = new BrokerServices
            {
                Store = store, Hypervisor = Libvirt, Metrics = Libvirt, Sessions = Libvirt, Guests = new ShellTasks(Libvirt), LookEvery = TimeSpan.FromSeconds(1),
            },
            Machines = Libvirt,
        };
    }

    private static BuildOptions Options(string command)
    {
        TaskPayload payload = TaskPayload.FromCommand(command);
        return new BuildOptions
        {
            Payload = payload,
            Task = new UpdateTask
            {
                Id = default, Name = string.Empty, Kind = UpdateTaskKind.Configuration, Instructor = "Script", Payload = payload.Info, Targets = new TaskTargets(),
                Timeouts = PhaseTimeouts.Of(UpdateTaskKind.Configuration), MaxRestarts = 0, Registered = default,
            },
        };
    }

    private static void Copy(string from, string to)
    {
        File.Delete(to);
        using VhdxDisk disk = VhdxDisk.CreateCopy(to, from, new VhdxCreateOptions { Files = new HostFileSystem(), NewGuid = Guid.NewGuid }, None);
        disk.Complete();
    }

    private static string ReadSector(string path)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        byte[] sector = new byte[512];
        disk.ReadAt(Sector * 512, sector);
        return Encoding.ASCII.GetString(sector).TrimEnd('\0', '\n');
    }
}
