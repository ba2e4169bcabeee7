using System.Management.Automation;
using VmUpdate.EndToEnd.Tests.Support;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.RealQemu;

namespace VmUpdate.EndToEnd.Tests;

/// <summary>A pool on KVM: its master is updated by a task that runs in a guest, the pool moves to it, and the guests see it.</summary>
[Collection("real QEMU")]
public sealed class PooledTests
{
    /// <summary>Finds the partition with Windows on it; what follows works in /mnt. fuse is loaded by whoever needs it first.</summary>
    private const string Mounted =
        "insmod /modules/fuse.ko 2>/dev/null; for part in /dev/vda?; do ntfs-3g $part /mnt 2>/dev/null && [ -d /mnt/Windows ] && break; umount /mnt 2>/dev/null; done; [ -d /mnt/Windows ] || exit 1; ";

    [Fact]
    public void What_a_task_changes_in_the_build_machine_is_seen_by_both_machines_of_the_pool_each_with_its_own_identity()
    {
        using var host = new KvmHost();
        using var folder = new TestFolder();
        string master = Path.Combine(KvmHost.Libvirtd.Root, "disks", "office-v1.vhdx");
        RealMachine[] machines = Pool(host, folder, master);
        host.Run("$null = New-VmUpdatePool Office -MasterPath $1; $null = Set-VmUpdateMachine PC-01, PC-02 -Role Pooled -Pool Office", master);

        string patch = folder.PathOf("patch.sh");
        File.WriteAllBytes(patch, KvmHost.Script(Mounted + "echo patched > /mnt/Windows/patched.txt && umount /mnt && sync && echo done"));
        PSObject version = host.Run("New-PooledVmImageVersion -Pool Office -Kind Configuration -ScriptPath $1", patch).Single;
        Assert.Equal(2, version.Properties["Version"].Value);
        Assert.Equal(["PC-01", "PC-02"], KvmHost.Libvirtd.Virsh("list", "--all", "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal(["Updated", "Updated"], host.Run("Update-PooledVmImage -Pool Office -Force").All("State"));

        host.Start(machines);
        foreach (RealMachine machine in machines)
        {
            string other = machines.Single(candidate => candidate != machine).Name;
            Assert.Equal(
                $"patched\n{machine.Name}\n",
                machine.Shell($"{Mounted} cat /mnt/Windows/patched.txt; tr -d '\\000' < /mnt/Windows/System32/config/SYSTEM | grep -ao -e {machine.Name} -e {other} | sort -u"));
        }
    }

    /// <summary>Two machines with the disks that a lab made for such, whole copies as KVM needs them, and their master.</summary>
    private static RealMachine[] Pool(KvmHost host, TestFolder folder, string master)
    {
        using var engine = new Engine();
        PSObject lab = engine.RunWell("New-VmUpdateLab -Path $1 -PooledVmCount 2; $null = Connect-VmUpdateHost -LabPath $1", folder.PathOf("lab")).Single;
        ShellProcess.Copy($"{lab.Properties["OldMasterPath"].Value}", master);
        return [.. engine.RunWell("Get-PooledVmImage").Output.Select(image => host.Add(
            $"{image.Properties["VMName"].Value}", "vmupdate-agent", disk => ShellProcess.Copy($"{image.Properties["DiskPath"].Value}", disk)))];
    }
}
