using System.Diagnostics;
using System.Management.Automation;
using VmUpdate.EndToEnd.Tests.Support;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.RealQemu;

namespace VmUpdate.EndToEnd.Tests;

/// <summary>Guests that restart half way, and what is killed half way.</summary>
[Collection("real QEMU")]
public sealed class FaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Tells that it has begun, and goes on when it is let.</summary>
    private static readonly byte[] Waiting = KvmHost.Script("echo begun >> /state/begun; while [ ! -e /state/go ]; do usleep 100000; done; echo done");

    [Fact]
    public void A_guest_that_restarts_half_way_goes_on_with_its_run()
    {
        using var host = new KvmHost();
        RealMachine machine = host.AddPersonal("restarting");
        host.Run(
            "Register-VmUpdateTask Upgrade -Kind OperatingSystemUpgrade -ScriptContent $1 -ScriptName up.sh -VMName restarting -RestartPolicy Always",
            KvmHost.Script("echo $VMUPDATE_RESTARTS $(cat /proc/sys/kernel/random/boot_id) >> /state/boots; [ $VMUPDATE_RESTARTS -gt 0 ] || exit 195; echo upgraded"));
        host.Run("Invoke-VmUpdateBroker -UntilEmpty");

        PSObject run = host.Run("Get-VmUpdateRun -Detailed").Single;
        Assert.Equal(("Succeeded", 1, "upgraded"), ($"{run.Properties["State"].Value}", run.Properties["Restarts"].Value, $"{run.Properties["Detail"].Value}"));
        Assert.Equal("shut off", KvmHost.State(machine));
        machine.Start();
        string[] boots = machine.Shell("cat /state/boots").TrimEnd().Split('\n');
        Assert.Equal(["0", "1"], boots.Select(line => line.Split(' ')[0]));
        Assert.NotEqual(boots[0].Split(' ')[1], boots[1].Split(' ')[1]);
    }

    [Fact]
    public async Task When_libvirtd_a_guest_and_the_broker_are_killed_half_way_nothing_is_lost_and_other_machines_go_on()
    {
        using var host = new KvmHost();
        RealMachine[] machines = [.. new[] { "survivor", "victim" }.Select(host.AddPersonal)];
        host.Start(machines);
        machines[0].Save();
        machines[1].Save();
        host.Run("Register-VmUpdateTask Patch -Kind Configuration -ScriptContent $1 -ScriptName wait.sh -TargetKind Personal", Waiting);

        // The broker in a process of its own; libvirtd, then the broker itself are killed once both runs have begun.
        string script = Path.Combine(KvmHost.Libvirtd.Root, "broker.ps1");
        File.WriteAllText(script, host.Connect + "\nInvoke-VmUpdateBroker -UntilEmpty\n");
        using (Process broker = ShellProcess.Start([script]))
        {
            foreach (RealMachine machine in machines)
            {
                machine.Shell("while [ ! -e /state/begun ]; do usleep 100000; done");
            }

            KvmHost.Libvirtd.Kill();
            KvmHost.Libvirtd.WaitUntilReachable();
            Assert.False(broker.WaitForExit(TimeSpan.FromSeconds(3)));
            broker.Kill(entireProcessTree: true);
            broker.WaitForExit();
        }

        Task<RunResult> resumed = Task.Run(() => host.Run("Invoke-VmUpdateBroker -UntilEmpty"));
        Assert.True(PrivateLibvirtd.KillMachine(machines[1].Id));
        machines[0].Shell("touch /state/go");
        await resumed.WaitAsync(Patience);

        Assert.Equal(["Patch Succeeded Done"], host.Runs("survivor"));

        // Seen gone by the broker, or, woken once more, told by the agent in it that its run was cut off.
        Assert.Contains(Assert.Single(host.Runs("victim")), new[] { "Patch Failed VmStoppedUnderneath", "Patch Failed GuestFailed" });
        Assert.Equal("saved", KvmHost.State(machines[0]));
        machines[0].Start();
        Assert.Equal("begun\n", machines[0].Shell("cat /state/begun"));
    }
}
