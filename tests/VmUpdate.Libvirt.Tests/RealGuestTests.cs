using System.Text;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Libvirt.Tests.Support;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>What only a real guest can show: its memory, its agent, its channel, its disk.</summary>
[Collection("real QEMU")]
public sealed class RealGuestTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static LibvirtHypervisor Libvirt => RealHost.Libvirt;

    [Fact]
    public async Task Programs_run_and_files_go_in_and_out_and_memory_outlives_a_save()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await StartAsync(host);
        Assert.True(await Libvirt.PingGuestAsync(host.Vm, None));

        // What would be a shell's stays text.
        GuestCommandResult echoed = await Libvirt.RunInGuestAsync(host.Vm, "/bin/echo", ["$HOME; \"quoted\" 'and' ä"], Patience, None);
        Assert.Equal((0, "$HOME; \"quoted\" 'and' ä\n"), (echoed.ExitCode, Encoding.UTF8.GetString(echoed.Output)));
        Assert.Equal(3, (await Libvirt.RunInGuestAsync(host.Vm, "/bin/sh", ["-c", "exit 3"], Patience, None)).ExitCode);

        byte[] bytes = new byte[200_000];
        new Random(1).NextBytes(bytes);
        await Libvirt.WriteGuestFileAsync(host.Vm, "/tmp/bytes", bytes, None);
        await Libvirt.SaveAsync(host.Vm, None);
        await Libvirt.StartAsync(host.Vm, None);
        await Libvirt.GetComputerNameAsync(host.Vm, Patience, None);
        Assert.Equal(bytes, await Libvirt.ReadGuestFileAsync(host.Vm, "/tmp/bytes", bytes.Length, None));

        await FailsAsync(GuestFailure.GuestRefused, () => Libvirt.ReadGuestFileAsync(host.Vm, "/tmp/bytes", bytes.Length - 1, None));
        await FailsAsync(GuestFailure.GuestRefused, () => Libvirt.ReadGuestFileAsync(host.Vm, "/absent", 10, None));
        await FailsAsync(GuestFailure.GuestRefused, () => Libvirt.RunInGuestAsync(host.Vm, "/bin/absent", [], Patience, None));
        await FailsAsync(GuestFailure.GuestNotReached, () => Libvirt.RunInGuestAsync(host.Vm, "/bin/sleep", ["60"], TimeSpan.FromMilliseconds(200), None));
    }

    [Fact]
    public async Task An_agent_that_is_absent_hangs_or_answers_garbage_is_told_apart_from_a_machine_that_fails()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await StartAsync(host);

        // Our own program takes the agent's channel, and says what it likes.
        await Libvirt.WriteGuestFileAsync(
            host.Vm,
            "/tmp/evil",
            "#!/bin/sh\nsleep 1\nkillall -9 qemu-ga\nwhile :; do killall -9 qemu-ga; head -c 3000000 /dev/zero | tr '\\0' x > /dev/virtio-ports/org.qemu.guest_agent.0; done\n"u8.ToArray(),
            None);
        await Libvirt.RunInGuestAsync(host.Vm, "/bin/sh", ["-c", "sh /tmp/evil >/dev/null 2>&1 &"], Patience, None);
        await Task.Delay(2000);
        Exception? failure = await Record.ExceptionAsync(async () =>
        {
            GuestReply reply = await Libvirt.GetComputerNameAsync(host.Vm, TimeSpan.FromSeconds(6), None);
            Assert.Equal(GuestReplyKind.Silent, reply.Kind);
        });
        Assert.True(failure is null or GuestException, $"{failure}");
        Assert.Null(await Libvirt.GetSessionsAsync(host.Vm, None));
        Assert.Equal(VmPowerState.Running, (await Libvirt.GetAsync(host.Vm, None)).State);
        await Libvirt.SaveAsync(host.Vm, None);
    }

    [Fact]
    public async Task The_channel_of_the_trigger_agent_works_both_ways_and_across_a_save()
    {
        await using RealHost host = await RealHost.CreateAsync("echo");
        await Assert.ThrowsAsync<HypervisorException>(() => Libvirt.OpenGuestPortAsync(host.Vm, None));
        var heard = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (Libvirt.Watch(vm =>
        {
            if (vm == host.Vm)
            {
                heard.TrySetResult(true);
            }
        }))
        {
            await StartAsync(host);
            await heard.Task.WaitAsync(Patience);
        }

        await EchoAsync(host, "one");
        await Libvirt.SaveAsync(host.Vm, None);
        await Libvirt.StartAsync(host.Vm, None);
        await EchoAsync(host, "two");
    }

    [Fact]
    public async Task A_vhdx_disk_is_closed_while_the_machine_is_saved_off_or_gone_and_its_writes_are_kept()
    {
        await RealVhdxAsync(async (host, path) =>
        {
            await StartAsync(host);
            Assert.Equal(path, Assert.Single(await Libvirt.GetDisksAsync(host.Vm, None)).Path);
            await ShellAsync(host, "echo first > /tmp/x && dd if=/tmp/x of=/dev/vda bs=512 seek=100 conv=sync && sync");
            Assert.False(CanOpen(path));

            await Libvirt.SaveAsync(host.Vm, None);
            Assert.Equal("first\n", ReadSector(path, 100));
            await Libvirt.StartAsync(host.Vm, None);
            await Libvirt.GetComputerNameAsync(host.Vm, Patience, None);
            await ShellAsync(host, "echo second > /tmp/x && dd if=/tmp/x of=/dev/vda bs=512 seek=101 conv=sync && sync");
            await Libvirt.ShutDownAsync(host.Vm, Patience, None);
            Assert.Equal("second\n", ReadSector(path, 101));

            // Somebody pulls the plug: the server leaves with its machine.
            await Libvirt.StartAsync(host.Vm, None);
            Assert.False(CanOpen(path));
            RawLibvirt.TurnOff(host.Vm.VmId);
            await EventuallyAsync(() => CanOpen(path));
            Assert.Equal("first\n", ReadSector(path, 100));
        });
    }

    [Fact]
    public async Task A_vhdx_disk_that_is_held_or_damaged_keeps_its_machine_from_starting_and_no_server_stays()
    {
        await RealVhdxAsync(async (host, path) =>
        {
            using (new HostFileSystem().OpenFolder(Path.GetDirectoryName(path)!).Open(Path.GetFileName(path), HostFileMode.ReadWrite))
            {
                Assert.Equal(HypervisorFailure.DiskNotUsable, (await Assert.ThrowsAsync<HypervisorException>(() => Libvirt.StartAsync(host.Vm, None))).Failure);
            }

            byte[] good = File.ReadAllBytes(path);
            File.WriteAllBytes(path, new byte[1 << 20]);
            HypervisorException failure = await Assert.ThrowsAsync<HypervisorException>(() => Libvirt.StartAsync(host.Vm, None));
            Assert.Equal(HypervisorFailure.DiskNotUsable, failure.Failure);
            Assert.Contains("qemu-nbd", failure.Message, StringComparison.Ordinal);
            Assert.Equal(VmPowerState.Off, (await Libvirt.GetAsync(host.Vm, None)).State);
            File.WriteAllBytes(path, good);
            Assert.True(CanOpen(path));
            await Libvirt.StartAsync(host.Vm, None);
        });
    }

    private static async Task RealVhdxAsync(Func<RealHost, string, Task> test)
    {
        RealLibvirt.Require();
        string path = Path.Combine(RealLibvirt.Root, "disks", Guid.NewGuid().ToString("N") + " 'a'.vhdx");
        using (VhdxDisk disk = VhdxDisk.CreateDynamic(path, 32 << 20, new VhdxCreateOptions { Files = new HostFileSystem(), NewGuid = Guid.NewGuid }))
        {
            disk.Complete();
        }

        await using RealHost host = await RealHost.CreateAsync(vhdx: path);
        await test(host, path);
    }

    private static async Task StartAsync(RealHost host)
    {
        await Libvirt.StartAsync(host.Vm, None);
        GuestReply reply = await Libvirt.GetComputerNameAsync(host.Vm, Patience, None);
        Assert.Equal((GuestReplyKind.Answered, host.GuestName), (reply.Kind, reply.ComputerName));
    }

    private static async Task ShellAsync(RealHost host, string command)
    {
        GuestCommandResult result = await Libvirt.RunInGuestAsync(host.Vm, "/bin/sh", ["-c", command], Patience, None);
        Assert.True(result.ExitCode == 0, Encoding.UTF8.GetString(result.Errors));
    }

    private static async Task EchoAsync(RealHost host, string word)
    {
        using Stream port = await Libvirt.OpenGuestPortAsync(host.Vm, None);
        using var limit = new CancellationTokenSource(Patience);
        await port.WriteAsync(Encoding.ASCII.GetBytes(word + "\n"), limit.Token);
        byte[] answer = new byte[word.Length + 1];
        await port.ReadExactlyAsync(answer, limit.Token);
        Assert.Equal(word + "\n", Encoding.ASCII.GetString(answer));
    }

    private static async Task FailsAsync(GuestFailure expected, Func<Task> call) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<GuestException>(call)).Failure);

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static bool CanOpen(string path)
    {
        try
        {
            VhdxDisk.Open(path, new VhdxOpenOptions { Files = new HostFileSystem(), Writable = true, NewGuid = Guid.NewGuid }).Dispose();
            return true;
        }
        catch (VmUpdate.DiskFormats.HostFileException failure) when (failure.Failure == VmUpdate.DiskFormats.HostFileFailure.InUse)
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
