using System.Text;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Libvirt.Tests.Support;
using VmUpdate.RealQemu;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>VHDX disks of real machines, served to them by qemu-nbd.</summary>
[Collection("real QEMU")]
public sealed class RealDiskTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static LibvirtHypervisor Libvirt => RealHost.Libvirt;

    [Fact]
    public async Task A_vhdx_disk_is_closed_while_the_machine_is_saved_off_or_gone_and_its_writes_are_kept()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await host.StartAsync();
        Assert.Equal(host.Disk, Assert.Single(await Libvirt.GetDisksAsync(host.Vm, None)).Path);
        await WriteAsync(host, "first", 100);
        Assert.False(CanOpen(host.Disk));

        await Libvirt.SaveAsync(host.Vm, None);
        Assert.Equal("first\n", ReadSector(host.Disk, 100));
        await Libvirt.StartAsync(host.Vm, None);
        await host.AwaitGuestAsync();
        await WriteAsync(host, "second", 101);
        await Libvirt.ShutDownAsync(host.Vm, RealHost.Patience, None);
        Assert.Equal("second\n", ReadSector(host.Disk, 101));

        // Somebody pulls the plug: the server leaves with its machine.
        await Libvirt.StartAsync(host.Vm, None);
        Assert.False(CanOpen(host.Disk));
        PrivateLibvirtd.Shared.Virsh("destroy", host.Vm.VmId.ToString());
        await Eventually.TrueAsync(() => CanOpen(host.Disk));
        Assert.Equal("first\n", ReadSector(host.Disk, 100));
    }

    [Fact]
    public async Task A_vhdx_disk_that_is_held_or_damaged_keeps_its_machine_from_starting_and_no_server_stays()
    {
        await using RealHost host = await RealHost.CreateAsync();
        using (new HostFileSystem().OpenFolder(Path.GetDirectoryName(host.Disk)!).Open(Path.GetFileName(host.Disk), HostFileMode.ReadWrite))
        {
            Assert.Equal(HypervisorFailure.DiskNotUsable, (await Assert.ThrowsAsync<HypervisorException>(() => Libvirt.StartAsync(host.Vm, None))).Failure);
        }

        byte[] good = File.ReadAllBytes(host.Disk);
        File.WriteAllBytes(host.Disk, new byte[1 << 20]);
        HypervisorException failure = await Assert.ThrowsAsync<HypervisorException>(() => Libvirt.StartAsync(host.Vm, None));
        Assert.Equal(HypervisorFailure.DiskNotUsable, failure.Failure);
        Assert.Contains("qemu-nbd", failure.Message, StringComparison.Ordinal);
        Assert.Equal(VmPowerState.Off, await host.StateAsync());
        File.WriteAllBytes(host.Disk, good);
        Assert.True(CanOpen(host.Disk));
        await Libvirt.StartAsync(host.Vm, None);
    }

    [Fact]
    public async Task When_the_server_of_a_disk_dies_the_guest_says_so_what_it_wrote_is_kept_and_the_next_start_has_a_new_server()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await host.StartAsync();
        await WriteAsync(host, "kept", 100);
        Assert.True(PrivateLibvirtd.KillServer(host.Disk));
        GuestCommandResult written = await Libvirt.RunInGuestAsync(
            host.Vm, "/bin/sh", ["-c", "dd if=/dev/zero of=/dev/vda bs=512 seek=200 count=1 conv=fsync"], RealHost.Patience, None);
        Assert.NotEqual(0, written.ExitCode);
        Assert.Equal(VmPowerState.Running, await host.StateAsync());

        await Libvirt.ShutDownAsync(host.Vm, RealHost.Patience, None);
        Assert.Equal("kept\n", ReadSector(host.Disk, 100));
        await host.StartAsync();
        await WriteAsync(host, "again", 101);
        await Libvirt.SaveAsync(host.Vm, None);
        Assert.Equal("again\n", ReadSector(host.Disk, 101));
    }

    private static Task WriteAsync(RealHost host, string text, int sector) =>
        host.ShellAsync($"echo {text} > /tmp/x && dd if=/tmp/x of=/dev/vda bs=512 seek={sector} conv=sync && sync");

    private static bool CanOpen(string path)
    {
        try
        {
            VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem(), Writable = true, NewGuid = Guid.NewGuid }).Dispose();
            return true;
        }
        catch (HostFileException failure) when (failure.Failure == HostFileFailure.InUse)
        {
            return false;
        }
    }

    private static string ReadSector(string path, int sector)
    {
        using VhdxDisk disk = VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem() });
        byte[] bytes = new byte[512];
        disk.ReadAt(sector * 512L, bytes);
        return Encoding.ASCII.GetString(bytes).TrimEnd('\0');
    }
}
