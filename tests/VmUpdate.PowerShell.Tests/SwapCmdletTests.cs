using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class SwapCmdletTests
{
    [Fact]
    public void A_pool_is_moved_with_one_object_for_each_machine_and_an_error_for_the_one_that_is_refused()
    {
        using var lab = new Lab(pooled: 3);
        RunResult result = lab.Run("Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal(["PC-01 Updated", "PC-02 Updated", "PC-03 Blocked"], result.Output.Select(item => $"{item.Properties["VMName"].Value} {item.Properties["State"].Value}").Order());

        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("VmHasCheckpoints,VmUpdate.PowerShell.Commands.UpdatePooledVmImageCommand", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidOperation, error.CategoryInfo.Category);
        Assert.Equal("PC-03", error.TargetObject);

        PSObject moved = result.Output.First(item => $"{item.Properties["VMName"].Value}" == "PC-01");
        Assert.Contains("computer-name", $"{moved.Properties["SetsCarried"].Value}", StringComparison.Ordinal);
        Assert.Equal(lab.NewMaster, moved.Properties["To"].Value);
        Assert.Equal(string.Empty, moved.Properties["ErrorId"].Value);
        Assert.True(File.Exists($"{moved.Properties["OldDisk"].Value}"));
        Assert.NotEmpty(result.Progress);
    }

    [Fact]
    public void The_old_disk_and_the_masters_are_byte_for_byte_what_they_were()
    {
        using var lab = new Lab(pooled: 2);
        string oldDisk = Path.GetRelativePath(lab.Path, lab.DiskOf("PC-01"));
        SortedDictionary<string, string> before = lab.Hashes();
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        SortedDictionary<string, string> after = lab.Hashes();
        foreach (string file in new[] { oldDisk, Path.GetRelativePath(lab.Path, lab.OldMaster), Path.GetRelativePath(lab.Path, lab.NewMaster) })
        {
            Assert.Equal(before[file], after[file]);
        }

        Assert.NotEqual(oldDisk, Path.GetRelativePath(lab.Path, lab.DiskOf("PC-01")));
    }

    [Fact]
    public void A_machine_keeps_its_name_and_the_machine_guid_of_its_old_disk()
    {
        using var lab = new Lab(pooled: 2);
        const string read = "Get-VmIdentity -Path $1 | Where-Object { $_.Present -and $_.SetName -in 'computer-name', 'machine-guid' } | ForEach-Object { \"$($_.Place)=$($_.Fingerprint)\" }";
        string[] before = [.. lab.RunWell(read, lab.DiskOf("PC-01")).Output.Select(item => item.ToString())];
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        string[] after = [.. lab.RunWell(read, lab.DiskOf("PC-01")).Output.Select(item => item.ToString())];
        Assert.NotEmpty(before);
        Assert.Equal(before, after);
    }

    [Fact]
    public void A_set_that_is_excluded_is_named_among_those_that_were_not_carried()
    {
        using var lab = new Lab(pooled: 2);
        PSObject moved = Assert.Single(lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -ExcludeSet tanium -Force", lab.NewMaster).Output);
        Assert.DoesNotContain("tanium", $"{moved.Properties["SetsCarried"].Value}", StringComparison.Ordinal);
        Assert.Contains("tanium", $"{moved.Properties["SetsLost"].Value}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Test-PooledVmImage -Pool LabPool -MasterPath $1")]
    [InlineData("Update-PooledVmImage -Pool LabPool -MasterPath $1 -WhatIf")]
    [InlineData("Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force -WhatIf")]
    [InlineData("Restore-PooledVmImage -Name PC-01 -WhatIf")]
    [InlineData("Remove-PooledVmOldDisk -Pool LabPool -AllowBeforeTime -WhatIf")]
    [InlineData("Set-VmUpdateMachine -Name PC-01 -Role Ignored -WhatIf")]
    [InlineData("Set-VmUpdatePool -Name LabPool -MasterPath $1 -WhatIf")]
    [InlineData("New-VmUpdatePool -Name Another -WhatIf")]
    [InlineData("Remove-VmUpdatePool -Name LabPool -WhatIf")]
    [InlineData("New-VmUpdateLabMachine -LabPath $lab.LabPath -Name PC-90 -DiskPath $1 -WhatIf")]
    [InlineData("New-VmUpdateLab -Path (\"$($lab.LabPath)/inner\") -WhatIf")]
    [InlineData("$WhatIfPreference = $true; Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force; $WhatIfPreference = $false")]
    [InlineData("Get-VmUpdateMachine; Get-VmUpdatePool; Get-PooledVmImage; Get-VmIdentity $1")]
    public void What_only_looks_changes_nothing(string script)
    {
        using var lab = new Lab(pooled: 2, personal: 1);
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        string declared = Declared();
        lab.RunWell(script, lab.NewMaster);
        Assert.Equal(before, lab.Hashes(withStore: false));
        Assert.Equal(declared, Declared());

        string Declared() => string.Join(", ", lab.RunWell("Get-VmUpdatePool | ForEach-Object { \"$($_.Pool) $($_.MasterPath)\" }; Get-VmUpdateMachine | ForEach-Object { \"$($_.VMName) $($_.Role) $($_.Pool)\" }").Output);
    }

    [Fact]
    public void A_check_shows_which_machine_it_is_at()
    {
        using var lab = new Lab(pooled: 3);
        lab.RunWell("Test-PooledVmImage -Pool LabPool -MasterPath $1", lab.NewMaster).AssertProgress("Looking at machines", "PC-01", "PC-02", "PC-03");
    }

    [Fact]
    public void WhatIf_says_what_would_be_done_to_whom()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Update-PooledVmImage -Pool LabPool -MasterPath $1 -WhatIf", lab.NewMaster);
        string text = lab.Engine.Host.Screen.TakeText();
        Assert.Contains("What if:", text, StringComparison.Ordinal);
        Assert.Contains("PC-01", text, StringComparison.Ordinal);
        Assert.Contains("master-v2.vhdx", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Yes", "", "Updated", 1)]
    [InlineData("No", "", "", 1)]
    [InlineData("No", "-Force", "Updated", 0)]
    [InlineData("No", "-Force -Confirm", "", 1)]
    [InlineData("No", "-Confirm:$false", "Updated", 0)]
    public void The_question_is_asked_unless_force_says_not_to(string answer, string switches, string state, int questions)
    {
        using var lab = new Lab(pooled: 2);
        lab.Engine.Host.Screen.Answer = answer;
        RunResult result = lab.RunWell($"Update-PooledVmImage -Name PC-01 -MasterPath $1 {switches}", lab.NewMaster);
        Assert.Equal(state, string.Join(' ', result.All("State")));
        Assert.Equal(questions, lab.Engine.Host.Screen.Questions.Count);
    }

    [Fact]
    public void Only_the_machines_that_were_agreed_to_are_moved()
    {
        using var lab = new Lab(pooled: 3);
        lab.Engine.Host.Screen.Answer = "Yes";
        RunResult result = lab.RunWell("Get-VmUpdateMachine -Name PC-0[12] | Where-Object VMName -ne PC-02 | Update-PooledVmImage -MasterPath $1", lab.NewMaster);
        Assert.Equal(["PC-01"], result.All("VMName"));
        Assert.Contains("PC-01", Assert.Single(lab.Engine.Host.Screen.Questions), StringComparison.Ordinal);
    }

    [Fact]
    public void One_machine_goes_back_to_its_old_disk_and_the_new_one_is_kept()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        RunResult back = lab.RunWell("Restore-PooledVmImage -Name PC-01 -Force");
        Assert.Equal("Updated", $"{back.Single.Properties["State"].Value}");
        PSObject image = lab.RunWell("Get-PooledVmImage PC-01").Single;
        Assert.Contains("r3", Path.GetFileName($"{image.Properties["DiskPath"].Value}"), StringComparison.Ordinal);
        Assert.True(File.Exists($"{image.Properties["PreviousDiskPath"].Value}"));
    }

    [Fact]
    public void A_machine_that_is_on_the_master_already_is_left_as_it_is()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);
        string disk = lab.DiskOf("PC-01");
        Assert.Equal(["Current"], lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster).All("State"));
        Assert.Equal(disk, lab.DiskOf("PC-01"));
    }

    [Fact]
    public void Old_disks_are_deleted_when_their_time_is_over_and_not_before()
    {
        using var lab = new Lab(pooled: 2);
        string oldDisk = lab.DiskOf("PC-01");
        lab.RunWell("Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force", lab.NewMaster);

        PSObject kept = lab.RunWell("Remove-PooledVmOldDisk -Name PC-01 -Force").Single;
        Assert.Equal("False KeptLonger", $"{kept.Properties["Removed"].Value} {kept.Properties["ErrorId"].Value}");
        Assert.True(File.Exists(oldDisk));

        PSObject removed = lab.RunWell("Remove-PooledVmOldDisk -Name PC-01 -AllowBeforeTime -Force").Single;
        Assert.Equal(true, removed.Properties["Removed"].Value);
        Assert.False(File.Exists(oldDisk));
        Assert.True(File.Exists(lab.OldMaster));
    }

    [Fact]
    public void The_results_make_a_report_as_they_are()
    {
        using var lab = new Lab(pooled: 2);
        RunResult result = lab.Run("Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force", lab.NewMaster);
        string[] wanted = ["VMName", "VMId", "State", "From", "To", "Duration", "UsersLoggedOff", "SetsCarried", "SetsLost", "OldDisk", "ErrorId"];
        foreach (PSObject item in result.Output)
        {
            Assert.Empty(wanted.Except(item.Properties.Select(property => property.Name)));

            // What Export-Csv writes is each value's own text: no list may show as the name of a type.
            Assert.All(item.Properties, property => Assert.DoesNotContain("System.", $"{property.Value}", StringComparison.Ordinal));
        }

        Assert.Contains(";", $"{result.Output[0].Properties["SetsCarried"].Value}", StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_ends_the_run_and_leaves_no_machine_between_two_disks()
    {
        using var lab = new Lab(pooled: 6);
        RunResult stopped = lab.Engine.RunUntil(
            "Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force",
            shell => shell.Streams.Progress.Count > 3,
            lab.NewMaster);
        Assert.True(stopped.WasStopped);

        RunResult images = lab.RunWell("Get-PooledVmImage -Pool LabPool");
        Assert.All(images.All("OpenSwap"), Assert.Empty);
        Assert.Contains("False", images.All("IsCurrent"));

        // A machine that was being started when the run was ended is on its way still, as a real one would be.
        Assert.True(SpinWait.SpinUntil(() => !lab.RunWell("Get-VmUpdateMachine").All("State").Contains("Changing"), TimeSpan.FromSeconds(30)));
        RunResult finished = lab.Run("Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force", lab.NewMaster);
        Assert.DoesNotContain("Failed", finished.All("State"));
        Assert.Equal(["VmHasCheckpoints"], finished.ErrorIds);
    }

    [Fact]
    public void Select_First_ends_the_run_after_the_first_machine_and_waits_for_it()
    {
        using var lab = new Lab(pooled: 5);
        lab.Run("Update-PooledVmImage -Pool LabPool -MasterPath $1 -Force -ErrorAction SilentlyContinue | ForEach-Object { $_; break }", lab.NewMaster);
        Assert.All(lab.RunWell("Get-PooledVmImage -Pool LabPool").All("OpenSwap"), Assert.Empty);
    }
}
