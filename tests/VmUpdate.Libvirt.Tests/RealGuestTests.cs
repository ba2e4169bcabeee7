using System.Text;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Tests.Support;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>What only a real guest can show: its memory, its agent.</summary>
[Collection("real QEMU")]
public sealed class RealGuestTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static LibvirtHypervisor Libvirt => RealHost.Libvirt;

    [Fact]
    public async Task Programs_run_and_files_go_in_and_out_and_memory_outlives_a_save()
    {
        await using RealHost host = await RealHost.CreateAsync();
        await host.StartAsync();
        Assert.True(await Libvirt.PingGuestAsync(host.Vm, None));

        // What would be a shell's stays text.
        GuestCommandResult echoed = await Libvirt.RunInGuestAsync(host.Vm, "/bin/echo", ["$HOME; \"quoted\" 'and' ä"], RealHost.Patience, None);
        Assert.Equal((0, "$HOME; \"quoted\" 'and' ä\n"), (echoed.ExitCode, Encoding.UTF8.GetString(echoed.Output)));
        Assert.Equal(3, (await Libvirt.RunInGuestAsync(host.Vm, "/bin/sh", ["-c", "exit 3"], RealHost.Patience, None)).ExitCode);

        byte[] bytes = new byte[200_000];
        new Random(1).NextBytes(bytes);
        await Libvirt.WriteGuestFileAsync(host.Vm, "/tmp/bytes", bytes, None);
        await Libvirt.SaveAsync(host.Vm, None);
        await Libvirt.StartAsync(host.Vm, None);
        await host.AwaitGuestAsync();
        Assert.Equal(bytes, await Libvirt.ReadGuestFileAsync(host.Vm, "/tmp/bytes", bytes.Length, None));

        await FailsAsync(GuestFailure.GuestRefused, () => Libvirt.ReadGuestFileAsync(host.Vm, "/tmp/bytes", bytes.Length - 1, None));
        await FailsAsync(GuestFailure.GuestRefused, () => Libvirt.ReadGuestFileAsync(host.Vm, "/absent", 10, None));
        await FailsAsync(GuestFailure.GuestRefused, () => Libvirt.RunInGuestAsync(host.Vm, "/bin/absent", [], RealHost.Patience, None));
        await FailsAsync(GuestFailure.GuestNotReached, () => Libvirt.RunInGuestAsync(host.Vm, "/bin/sleep", ["60"], TimeSpan.FromMilliseconds(200), None));
    }

    /// <summary>The guest's agent is a program of the test's, which answers each command with the next of its files; none is silence.</summary>
    [Fact]
    public async Task An_agent_that_hangs_or_answers_nonsense_or_too_much_is_refused_in_time_and_the_machine_goes_on()
    {
        await using RealHost host = await RealHost.CreateAsync();
        using LibvirtHypervisor patient = RealLibvirt.Open(RealHost.Patience);
        using LibvirtHypervisor hasty = RealLibvirt.Open(TimeSpan.FromSeconds(1));
        await host.StartAsync();
        await Libvirt.WriteGuestFileAsync(
            host.Vm,
            "/run/agent",
            """
            exec 3<>/dev/virtio-ports/org.qemu.guest_agent.0
            [ -e /run/count ] || echo 0 > /run/count
            while :; do
                read -r line <&3 || { usleep 50000; continue; }
                case $line in
                    *guest-sync*) id=${line##*\"id\":}; printf '{"return": %s}\n' "${id%%[!0-9]*}" >&3 ;;
                    *) count=$(($(cat /run/count) + 1)); echo $count > /run/count; [ ! -e /run/answer.$count ] || cat /run/answer.$count >&3 ;;
                esac
            done

            """u8.ToArray(),
            None);
        string[] answers =
        [
            """{"return": {"host-name": "not qemu-ga"}}""",
            """{"return": 5}""", """{"return": {"host-name": "a\u0007b"}}""", """{"return": {}}""", """{"return": [1, {"user": 7}]}""", """{"return": {"pid": "many"}}""", """{"return": {"pid": 1}}""", """{"return": {"exited": true, "out-data": "?"}}""",
            """{"return": {"pid": 1}}""", """{"return": {"exited": true, "exitcode": 0, "out-data": "?"}}""", """{"return": 1}""", """{"return": {"count": -5}}""", """{"return": {}}""",
        ];
        for (int i = 0; i < answers.Length; i++)
        {
            await Libvirt.WriteGuestFileAsync(host.Vm, $"/run/answer.{i + 1}", Encoding.ASCII.GetBytes(answers[i] + "\n"), None);
        }

        await host.ShellAsync(
            $$$"""
            big() { printf '{"return": {"host-name": "'; head -c $1 /dev/zero | tr '\0' x; printf '"}}\n'; }
            big 5000000 > /run/answer.{{{answers.Length + 1}}}
            echo 'no JSON' > /run/answer.{{{answers.Length + 2}}}
            (sleep 1; killall qemu-ga) >/dev/null 2>&1 &
            """);
        await Eventually.TrueAsync(async () => (await patient.GetComputerNameAsync(host.Vm, RealHost.Patience, None)).ComputerName == "not qemu-ga");

        Task Name() => patient.GetComputerNameAsync(host.Vm, RealHost.Patience, None);
        Task Run() => patient.RunInGuestAsync(host.Vm, "/bin/true", [], RealHost.Patience, None);
        await FailsAsync(GuestFailure.GuestRefused, Name);
        await FailsAsync(GuestFailure.GuestRefused, Name);
        await FailsAsync(GuestFailure.GuestRefused, Name);
        Assert.Equal(["?", "?"], (await patient.GetSessionsAsync(host.Vm, None))!.Select(session => session.UserName));
        await FailsAsync(GuestFailure.GuestRefused, Run);
        await FailsAsync(GuestFailure.GuestRefused, Run);
        await FailsAsync(GuestFailure.GuestRefused, Run);
        await FailsAsync(GuestFailure.GuestRefused, () => patient.WriteGuestFileAsync(host.Vm, "/x", new byte[10], None));
        await FailsAsync(GuestFailure.GuestRefused, Name);
        await FailsAsync(GuestFailure.GuestRefused, Name);
        Assert.False(await hasty.PingGuestAsync(host.Vm, None));
        Assert.Equal(VmPowerState.Running, await host.StateAsync());
        await Libvirt.SaveAsync(host.Vm, None);
    }

    private static async Task FailsAsync(GuestFailure expected, Func<Task> call) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<GuestException>(call)).Failure);
}
