using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class BadInputTests
{
    [Theory]
    [InlineData("Get-VmUpdateMachine")]
    [InlineData("Get-VmUpdatePool")]
    [InlineData("New-VmUpdatePool x")]
    [InlineData("Test-PooledVmImage PC-01")]
    [InlineData("Update-PooledVmImage PC-01 -Force")]
    [InlineData("Restore-PooledVmImage PC-01 -Force")]
    [InlineData("Get-PooledVmImage")]
    [InlineData("Remove-PooledVmOldDisk -Pool x -Force")]
    [InlineData("Set-VmUpdateMachine PC-01 -Role Ignored")]
    public void Without_a_host_there_is_one_error_and_the_command_ends(string script)
    {
        using var engine = new Engine();
        Assert.Equal(["NotConnected"], engine.Run(script).ErrorIds);
    }

    [Theory]
    [InlineData("Update-PooledVmImage -Name PC-77, PC-01 -MasterPath $1 -Force", "VmNotFound", true)]
    [InlineData("Update-PooledVmImage -Id ([guid]'11111111-1111-1111-1111-111111111111') -MasterPath $1 -Force", "VmNotFound", false)]
    [InlineData("Update-PooledVmImage -Name *, PC-01 -MasterPath $1 -Force", "WildcardsNotAllowed", true)]
    [InlineData("Update-PooledVmImage -Name DESK-01, PC-01 -MasterPath $1 -Force", "VmNotPooled", true)]
    [InlineData("Set-VmUpdateMachine DESK-01 -Role Ignored; Update-PooledVmImage -Name DESK-01, PC-01 -MasterPath $1 -Force", "VmIgnored", true)]
    [InlineData("Update-PooledVmImage -Name PC-02, PC-01 -MasterPath $1 -Force", "VmHasCheckpoints", true)]
    public void A_machine_that_cannot_be_meant_is_one_error_and_the_others_go_on(string script, string id, bool othersGoOn)
    {
        using var lab = new Lab(pooled: 2, personal: 1);
        RunResult result = lab.Run(script, lab.NewMaster);
        Assert.Equal([id], result.ErrorIds);
        Assert.Equal(othersGoOn, result.Output.Any(item => $"{item.Properties["VMName"]?.Value} {item.Properties["State"]?.Value}" == "PC-01 Updated"));
        Assert.All(
            result.Output.Where(item => item.Properties["ErrorId"] is { Value: string { Length: > 0 } }),
            item => Assert.Equal(id, item.Properties["ErrorId"].Value));
    }

    [Fact]
    public void A_name_that_two_machines_have_is_refused_and_the_id_decides()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("New-VmUpdateLabMachine -LabPath $1 -Name PC-01 -DiskPath $2 -Pool LabPool", lab.Path, lab.OldMaster);
        Assert.Equal(["AmbiguousName"], lab.Run("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster).ErrorIds);
        RunResult byId = lab.RunWell("(Get-VmUpdateMachine | Where-Object VMName -eq PC-01)[0] | Update-PooledVmImage -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal(["Updated"], byId.All("State"));
    }

    [Theory]
    [InlineData("missing", "HostFileNotFound")]
    [InlineData("text", "DiskWrongFormat")]
    [InlineData("vhd", "DiskWrongFormat")]
    [InlineData("truncated", "DiskTruncated")]
    [InlineData("bitlocker", "DiskBitLocker")]
    [InlineData("no-windows", "IdentityNoWindowsFolder")]
    [InlineData("hive-checksum", "DiskWrongChecksum")]
    [InlineData("hibernated", "DiskHibernated")]
    [InlineData("two-windows", "IdentitySeveralWindowsFolders")]
    public void A_master_that_is_of_no_use_blocks_the_machine_and_changes_nothing(string kind, string id)
    {
        using var lab = new Lab(pooled: 2);
        string master = BadDisk.Make(lab, kind);
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", master);
        Assert.Equal([id], result.ErrorIds);
        Assert.Equal(["Blocked"], result.All("State"));
        Assert.Equal(before, lab.Hashes(withStore: false));
        Assert.Equal([id], lab.Run("Get-VmIdentity -Path $1", master).ErrorIds);
    }

    [Fact]
    public void A_master_that_Windows_did_not_close_is_read_and_not_used()
    {
        using var lab = new Lab(pooled: 2);
        string master = BadDisk.Make(lab, "dirty");
        Assert.Equal(["DiskVolumeDirty"], lab.Run("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", master).ErrorIds);
        Assert.NotEmpty(lab.RunWell("Get-VmIdentity -Path $1", master).Output);
    }

    [Theory]
    [InlineData("gone", "DiskParentNotFound")]
    [InlineData("other", "DiskParentMismatch")]
    public void A_disk_whose_parent_is_not_the_one_it_was_made_from_is_refused(string what, string id)
    {
        using var lab = new Lab(pooled: 2);
        string mine = Path.Combine(lab.Beside, "mine.vhdx");
        File.Copy(lab.OldMaster, mine);
        lab.RunWell("$null = New-VmUpdateLabMachine -LabPath $1 -Name MINE -DiskPath $2 -Pool LabPool", lab.Path, mine);
        File.Delete(mine);
        if (what == "other")
        {
            File.Copy(lab.NewMaster, mine);
        }

        RunResult result = lab.Run("Update-PooledVmImage -Name MINE, PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal([id], result.ErrorIds);
        Assert.Contains("PC-01 Updated", result.Output.Select(item => $"{item.Properties["VMName"].Value} {item.Properties["State"].Value}"));
    }

    [Theory]
    [InlineData(@"\\host\share\")]
    [InlineData(@"\\.\PhysicalDrive")]
    [InlineData(@"..\..\..\..\x\")]
    public void A_disk_whose_parent_path_leads_elsewhere_is_refused_and_nothing_there_is_opened(string start)
    {
        using var lab = new Lab(pooled: 3);
        BadDisk.LeadElsewhere(lab.DiskOf("PC-02"), start);
        lab.Change("PC-02", "State", "\"Off\"");
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-02, PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal(["DiskParentNotFound"], result.ErrorIds);
        Assert.Equal(["PC-01 Updated", "PC-02 Blocked"], result.Output.Select(item => $"{item.Properties["VMName"].Value} {item.Properties["State"].Value}").Order());
    }

    [Theory]
    [InlineData("hibernated", "DiskHibernated", "powercfg /h off")]
    [InlineData("two-windows", "IdentitySeveralWindowsFolders", "")]
    public void A_machine_whose_own_disk_is_of_no_use_is_refused_with_its_remedy_and_the_others_go_on(string kind, string id, string remedy)
    {
        using var lab = new Lab(pooled: 3);
        string disk = lab.DiskOf("PC-02");
        lab.Change("PC-02", "State", "\"Off\"");
        ShellProcess.Spoil(disk, kind);
        byte[] before = File.ReadAllBytes(disk);
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-02, PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal([id], result.ErrorIds);
        Assert.Equal(["PC-01 Updated", "PC-02 Blocked"], result.Output.Select(item => $"{item.Properties["VMName"].Value} {item.Properties["State"].Value}").Order());
        Assert.Equal(before, File.ReadAllBytes(disk));
        PSObject test = lab.RunWell("Test-PooledVmImage -Name PC-02 -MasterPath $1", lab.NewMaster).Single;
        Assert.Contains(remedy, $"{test.Properties["Remedy"].Value} {test.Properties["Reason"].Value}", StringComparison.Ordinal);
    }

    [Fact]
    public void Too_little_room_is_told_before_anything_is_done()
    {
        using var lab = new Lab(pooled: 3);
        lab.Change("PC-02", "State", "\"Running\"");
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-02 -MasterPath $1 -Force -UserData Always -UserDataLimit ([long]::MaxValue)", lab.NewMaster);
        Assert.Equal(["NotEnoughSpace"], result.ErrorIds);
        Assert.Equal(before, lab.Hashes(withStore: false));
    }

    [Fact]
    public void A_host_disk_that_is_full_is_told_before_anything_is_done()
    {
        using TinyVolume volume = TinyVolume.Mount(mebibytes: 40);
        using var lab = new Lab(pooled: 3);
        string disk = Path.Combine(volume.Path, "full.vhdx");
        File.Copy(lab.OldMaster, disk);
        lab.Change("PC-02", "Disks", $$"""[{ "Controller": "Scsi", "ControllerNumber": 0, "Slot": 0, "Path": "{{disk}}", "BootOrder": 0 }]""");
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-02, PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal(["NotEnoughSpace"], result.ErrorIds);
        Assert.Equal([disk], Directory.GetFiles(volume.Path));
    }

    [Fact]
    public void A_store_that_cannot_be_written_is_refused()
    {
        using var lab = new Lab(pooled: 1, connected: false);
        string file = Path.Combine(lab.Beside, "file");
        File.WriteAllText(file, "no folder");
        Assert.Equal(["StoreNotWritable"], lab.Run("Connect-VmUpdateHost $1 -StorePath $2", lab.Path, Path.Combine(file, "store")).ErrorIds);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(["StoreNotWritable"], lab.Run("Connect-VmUpdateHost $1 -StorePath /proc/vmupdate-store", lab.Path).ErrorIds);
        }
    }

    [Theory]
    [InlineData("Sessions", """[{ "Id": 1, "UserName": "LAB\\anna", "IsActive": true, "LeavesWhenAsked": false }]""", "VmInUse")]
    [InlineData("Behavior", """{ "SessionsUnknown": true }""", "SessionsUnknown")]
    [InlineData("HasCheckpoints", "true", "VmHasCheckpoints")]
    [InlineData("ManagedBy", "\"RDS\"", "VmManagedByOther")]
    [InlineData("Disks", "[]", "NoBootDisk")]
    [InlineData("SettledUtc", "\"2999-01-01T00:00:00Z\"", "VmChanging")]
    public void A_machine_in_the_wrong_state_is_refused_and_the_others_go_on(string property, string json, string id)
    {
        using var lab = new Lab(pooled: 3);
        lab.Change("PC-02", property, json);
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-02, PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal([id], result.ErrorIds);
        Assert.Equal(["PC-01 Updated", "PC-02 Blocked"], result.Output.Select(item => $"{item.Properties["VMName"].Value} {item.Properties["State"].Value}").Order());

        PSObject test = lab.RunWell("Test-PooledVmImage -Name PC-02 -MasterPath $1", lab.NewMaster).Single;
        Assert.Equal("Blocked", $"{test.Properties["Verdict"].Value}");
        Assert.NotEqual(string.Empty, $"{test.Properties["Remedy"].Value}");
    }

    [Fact]
    public void A_machine_whose_boot_disk_cannot_be_told_is_refused()
    {
        using var lab = new Lab(pooled: 2);
        string disk = lab.DiskOf("PC-01");
        string copy = Path.Combine(lab.Path, "disks", "second.vhdx");
        File.Copy(disk, copy);
        const string both = """
            [{ "Controller": "Scsi", "ControllerNumber": 0, "Slot": 0, "Path": "disks/PC-01.r1.vhdx", "BootOrder": null },
             { "Controller": "Scsi", "ControllerNumber": 0, "Slot": 1, "Path": "disks/second.vhdx", "BootOrder": null }]
            """;
        lab.Change("PC-01", "Disks", both);
        Assert.Equal(["AmbiguousBootDisk"], lab.Run("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster).ErrorIds);
    }

    [Fact]
    public void A_guest_that_refuses_to_shut_down_is_left_running()
    {
        using var lab = new Lab(pooled: 3);
        lab.Change("PC-02", "Behavior", """{ "ShutdownRefused": true }""");
        Assert.Equal(["ShutdownRefused"], lab.Run("Update-PooledVmImage -Name PC-02 -MasterPath $1 -Force", lab.NewMaster).ErrorIds);
        Assert.Equal(["Running"], lab.RunWell("Get-VmUpdateMachine PC-02").All("State"));
        Assert.Equal(["0"], lab.RunWell("Get-PooledVmImage PC-02").All("Revision"));
    }

    [Fact]
    public void Users_who_are_given_time_are_named_in_the_result()
    {
        using var lab = new Lab(pooled: 3);
        lab.Change("PC-02", "Sessions", """[{ "Id": 1, "UserName": "LAB\\anna", "IsActive": true, "LeavesWhenAsked": false }]""");
        RunResult result = lab.RunWell("Update-PooledVmImage -Name PC-02 -MasterPath $1 -Force -DrainMinutes 0", lab.NewMaster);
        Assert.Equal(["Updated"], result.All("State"));
        Assert.Equal(["LAB\\anna"], result.All("UsersLoggedOff"));
    }

    [Fact]
    public void A_disk_that_another_program_holds_is_refused()
    {
        using var lab = new Lab(pooled: 2);
        using FileStream held = File.Open(lab.DiskOf("PC-01"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        RunResult result = lab.Run("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal(["HostFileInUse"], result.ErrorIds);
    }

    [Fact]
    public void No_master_at_all_is_one_error_for_each_machine()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("New-VmUpdatePool Empty; Set-VmUpdateMachine PC-01 -Role Pooled -Pool Empty");
        Assert.Equal(["NoMaster"], lab.Run("Update-PooledVmImage -Name PC-01 -Force").ErrorIds);
    }

    [Theory]
    [InlineData("Update-PooledVmImage -MasterPath $lab.NewMasterPath", "NoMachineNamed")]
    [InlineData("Set-VmUpdateMachine -Role Ignored", "NoMachineNamed")]
    [InlineData("Get-VmUpdateMachine nothing* | Update-PooledVmImage", "")]
    [InlineData("Update-PooledVmImage -Pool Nowhere -Force", "StoreNotFound")]
    [InlineData("Test-PooledVmImage -Pool Nowhere", "StoreNotFound")]
    [InlineData("Get-PooledVmImage -Pool Nowhere", "StoreNotFound")]
    [InlineData("Get-VmUpdatePool Nowhere", "StoreNotFound")]
    [InlineData("Set-VmUpdatePool Nowhere -KeepOldDiskDays 1", "StoreNotFound")]
    [InlineData("Remove-VmUpdatePool Nowhere", "StoreNotFound")]
    [InlineData("Remove-VmUpdatePool LabPool", "StoreInUse")]
    [InlineData("New-VmUpdatePool labpool", "StoreAlreadyExists")]
    [InlineData("Set-VmUpdateMachine PC-01 -Role Pooled -Pool Nowhere", "StoreNotFound")]
    [InlineData("Set-VmUpdateMachine PC-77 -Role Ignored", "VmNotFound")]
    [InlineData("Get-VmUpdateMachine PC-77", "VmNotFound")]
    [InlineData("Get-PooledVmImage PC-77", "VmNotFound")]
    [InlineData("Restore-PooledVmImage PC-01 -Force", "NoOldDisk")]
    [InlineData("Connect-VmUpdateHost ./nowhere-at-all", "HostNotReachable")]
    [InlineData("Connect-VmUpdateHost variable:x", "PathNotFileSystem")]
    [InlineData("Get-VmIdentity nodrive:/x.vhdx", "PathNotFileSystem")]
    [InlineData("New-VmUpdateLab $lab.LabPath", "HostNotUsable")]
    [InlineData("New-VmUpdateLabMachine -LabPath $lab.LabPath -Name X -DiskPath ./nothing.vhdx", "HostFileNotFound")]
    [InlineData("New-VmUpdateLabMachine -LabPath ./nowhere-at-all -Name X -DiskPath $lab.OldMasterPath", "HostNotReachable")]
    public void Each_mistake_has_its_id(string script, string id)
    {
        using var lab = new Lab(pooled: 2);
        Assert.Equal(id, string.Join(' ', lab.Run(script).ErrorIds));
    }

    [Fact]
    public void A_store_that_others_may_write_to_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("the mode of a folder is a Unix matter");
            return;
        }

        using var lab = new Lab(pooled: 1);
        string store = Path.Combine(lab.Path, "store");
        File.SetUnixFileMode(store, File.GetUnixFileMode(store) | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        Assert.Equal(["StoreTooOpen"], lab.Run("Connect-VmUpdateHost $1", lab.Path).ErrorIds);
    }

    [Theory]
    [InlineData("Update-PooledVmImage PC-01 -ThrottleLimit 0")]
    [InlineData("Update-PooledVmImage PC-01 -UserData Sometimes")]
    [InlineData("Update-PooledVmImage -Name PC-01 -Pool LabPool")]
    [InlineData("Set-VmUpdateMachine PC-01 -Role Nonsense")]
    [InlineData("New-VmUpdateLab x -PooledVmCount -1")]
    public void What_the_binder_can_tell_is_refused_before_anything_is_done(string script)
    {
        using var lab = new Lab(pooled: 1);
        ErrorRecord error = Assert.Single(lab.Run(script).Errors);
        Assert.IsAssignableFrom<ParameterBindingException>(error.Exception);
    }
}
