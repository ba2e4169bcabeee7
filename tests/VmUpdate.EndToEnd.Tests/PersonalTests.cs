using System.Management.Automation;
using VmUpdate.EndToEnd.Tests.Support;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.RealQemu;

namespace VmUpdate.EndToEnd.Tests;

/// <summary>Personal machines: woken, updated, put back as they were.</summary>
[Collection("real QEMU")]
public sealed class PersonalTests
{
    [Fact]
    public async Task Four_guests_are_woken_two_at_a_time_updated_and_put_back_as_they_were()
    {
        using var host = new KvmHost();
        RealMachine[] machines = [.. new[] { "saved-1", "saved-2", "off-1", "running-1" }.Select(host.AddPersonal)];
        host.Start(machines[0], machines[1], machines[3]);
        machines[0].Shell("echo kept > /tmp/memory");
        machines[0].Save();
        machines[1].Save();
        Assert.Equal(["saved", "saved", "shut off", "running"], machines.Select(KvmHost.State));

        host.Run(
            "Register-VmUpdateTask Patch -Kind Configuration -ScriptContent $1 -ScriptName patch.sh -TargetKind Personal",
            KvmHost.Script("echo progress 50 half; echo \"patched $(hostname)\"; hostname >> /state/patched"));
        using var watched = new CancellationTokenSource();
        Task<int> mostAwake = WatchAwakeAsync(machines[..3], watched.Token);
        host.Run("Invoke-VmUpdateBroker -UntilEmpty");
        await watched.CancelAsync();

        Assert.Equal(2, await mostAwake);
        IReadOnlyList<PSObject> runs = host.Run("Get-VmUpdateRun -Detailed").Output;
        Assert.Equal(4, runs.Count);
        Assert.Equal(
            machines.Select(machine => $"{machine.Name} Succeeded patched pc-{machine.Name}").Order(),
            runs.Select(run => $"{run.Properties["VMName"].Value} {run.Properties["State"].Value} {run.Properties["Detail"].Value}").Order());
        Assert.Equal(["saved", "saved", "shut off", "running"], machines.Select(KvmHost.State));

        machines[0].Start();
        Assert.Equal("kept\npc-saved-1\n", machines[0].Shell("cat /tmp/memory /state/patched"));
    }

    /// <summary>The most machines that were seen awake at once.</summary>
    private static Task<int> WatchAwakeAsync(RealMachine[] machines, CancellationToken end) => Task.Run(
        () =>
        {
            int most = 0;
            while (!end.IsCancellationRequested)
            {
                string running = KvmHost.Libvirtd.Virsh("list", "--name", "--state-running");
                most = Math.Max(most, machines.Count(machine => running.Split('\n').Contains(machine.Name)));
            }

            return most;
        },
        CancellationToken.None);
}
