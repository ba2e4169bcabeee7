using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.DiskFormats;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class GuestDiskTests
{
    [Fact]
    public void The_windows_folder_may_have_any_name()
    {
        using GuestDisk disk = SwapOfIdentity.Open(new WindowsDiskBuilder("PC7", controlSet: 3) { WindowsFolder = "WINNT" }.Build(), "d");

        Assert.Equal("WINNT", disk.WindowsFolder.ToString());
        Assert.Equal("ControlSet003", disk.CurrentControlSet);
        Assert.Equal(19045, disk.WindowsBuild);
        Assert.Equal("S-1-5-21-7-2-3", disk.MachineSid!.ToString());
        Assert.Same(disk.OpenHive(HiveName.System), disk.OpenHive(HiveName.System));
    }

    [Fact]
    public void A_disk_without_windows_is_no_boot_disk()
    {
        var failure = Assert.Throws<IdentityException>(
            () => SwapOfIdentity.Open(new WindowsDiskBuilder("PC7") { WindowsFolder = string.Empty }.File(@"Windows\a", "x").Build(), "disk 1"));

        Assert.Equal("IdentityNoWindowsFolder", failure.Code);
        Assert.Equal("disk 1", failure.Subject);
    }

    [Fact]
    public void An_empty_disk_is_no_boot_disk()
    {
        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.Open(new MemoryDisk(1 << 20), "disk 1"));

        Assert.Equal(IdentityFailure.NoWindowsFolder, failure.Failure);
    }

    [Fact]
    public void A_disk_with_two_windows_folders_is_refused()
    {
        var builder = new WindowsDiskBuilder("PC7");
        builder.Volume(volume => builder.AddHives(volume, "Windows2"));

        var failure = Assert.Throws<IdentityException>(() => SwapOfIdentity.Open(builder.Build(), "disk 1"));

        Assert.Equal("IdentitySeveralWindowsFolders", failure.Code);
        Assert.Contains("Windows2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bitlocker_disk_is_refused_by_name_with_the_disk_named()
    {
        MemoryDisk disk = new WindowsDiskBuilder("PC7").Build();
        disk.WriteAt(3, Encoding.ASCII.GetBytes("-FVE-FS-"));

        var failure = Assert.Throws<DiskFormatException>(() => SwapOfIdentity.Open(disk, "disk 1"));

        Assert.Equal("DiskBitLocker", failure.Code);
        Assert.StartsWith("disk 1", failure.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void A_select_key_that_names_no_control_set_is_refused()
    {
        MemoryDisk disk = new WindowsDiskBuilder("PC7").Value("SYSTEM", "Select", "Current", WindowsDiskBuilder.Dword, [9, 0, 0, 0]).Build();
        using GuestDisk opened = SwapOfIdentity.Open(disk, "disk 1");

        var failure = Assert.Throws<IdentityException>(() => opened.CurrentControlSet);

        Assert.Equal(IdentityFailure.HiveIncomplete, failure.Failure);
        Assert.Contains("ControlSet009", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sam_without_accounts_has_no_machine_sid()
    {
        var builder = new WindowsDiskBuilder("PC7");
        builder.Hive("SAM", hive => hive.Find(@"SAM\Domains\Account")!.DeleteValue("V"));
        using GuestDisk opened = SwapOfIdentity.Open(builder.Build(), "disk 1");

        Assert.Null(opened.MachineSid);
    }
}
