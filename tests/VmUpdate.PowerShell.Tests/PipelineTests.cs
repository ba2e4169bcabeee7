using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class PipelineTests
{
    [Theory]
    [InlineData("'PC-01' | Test-PooledVmImage -MasterPath $1")]
    [InlineData("[pscustomobject]@{ VMName = 'PC-01' } | Test-PooledVmImage -MasterPath $1")]
    [InlineData("[pscustomobject]@{ Name = 'PC-01' } | Test-PooledVmImage -MasterPath $1")]
    [InlineData("Get-VmUpdateMachine PC-01 | Test-PooledVmImage -MasterPath $1")]
    [InlineData("Get-PooledVmImage PC-01 | Test-PooledVmImage -MasterPath $1")]
    [InlineData("Test-PooledVmImage -Id (Get-VmUpdateMachine PC-01).VMId -MasterPath $1")]
    [InlineData("Test-PooledVmImage PC-01 $1")]
    [InlineData("Test-PooledVmImage -VMName pc-01 -MasterPath $1")]
    [InlineData("Get-VmUpdateMachine PC-01 | Test-PooledVmImage -MasterPath $1 | Test-PooledVmImage -MasterPath $1")]
    public void Machines_are_named_or_piped_in(string script)
    {
        using var lab = new Lab(pooled: 2);
        Assert.Equal(["PC-01"], lab.RunWell(script, lab.NewMaster).All("VMName"));
    }

    [Fact]
    public void What_Get_VM_puts_out_binds_by_its_id()
    {
        using var lab = new Lab(pooled: 2);
        object id = lab.RunWell("Get-VmUpdateMachine PC-01").Single.Properties["VMId"].Value;

        // The properties of a Microsoft.HyperV.PowerShell.VirtualMachine that our parameters know; its text is of no use as a name.
        const string likeGetVm = """
            $vm = [pscustomobject]@{ Name = 'renamed meanwhile'; VMName = 'renamed meanwhile'; Id = $1; VMId = $1; ComputerName = 'LAB'; Path = 'C:\VMs' }
            $vm | Add-TypeName
            $vm | Test-PooledVmImage -MasterPath $2
            """;
        RunResult result = lab.RunWell(likeGetVm.Replace("$vm | Add-TypeName", "$vm.PSTypeNames.Insert(0, 'Microsoft.HyperV.PowerShell.VirtualMachine')", StringComparison.Ordinal), id, lab.NewMaster);
        Assert.Equal(["PC-01"], result.All("VMName"));
    }

    [Fact]
    public void A_machine_of_another_host_is_refused_although_one_here_has_its_name()
    {
        using var lab = new Lab(pooled: 3);
        RunResult result = lab.Run(
            "[pscustomobject]@{ VMName = 'PC-01'; ComputerName = 'HV-99' }, [pscustomobject]@{ VMName = 'PC-02' } | Update-PooledVmImage -MasterPath $1 -Force",
            lab.NewMaster);
        Assert.Equal(["WrongHost"], result.ErrorIds);
        Assert.Equal(["PC-02"], result.All("VMName"));
    }

    [Theory]
    [InlineData("Get-PooledVmImage")]
    [InlineData("Get-VmUpdateMachine")]
    public void What_looks_does_not_take_another_host_s_machine_for_ours_either(string command)
    {
        using var lab = new Lab(pooled: 2);
        RunResult result = lab.Run($"[pscustomobject]@{{ VMName = 'PC-01'; ComputerName = 'HV-99' }}, [pscustomobject]@{{ VMName = 'PC-02' }} | {command}");
        Assert.Equal(["WrongHost"], result.ErrorIds);
        Assert.Equal(["PC-02"], result.All("VMName"));
        Assert.Equal(["PC-01"], lab.RunWell($"Get-VmUpdateMachine PC-01 | {command}").All("VMName"));
    }

    [Fact]
    public void A_pool_that_is_piped_in_means_its_machines()
    {
        using var lab = new Lab(pooled: 3);
        Assert.Equal(["PC-01", "PC-02", "PC-03"], lab.RunWell("Get-VmUpdatePool | Test-PooledVmImage -MasterPath $1", lab.NewMaster).All("VMName").Order());
        Assert.Equal(["PC-01"], lab.RunWell("Get-VmUpdateMachine PC-01 | Test-PooledVmImage -MasterPath $1", lab.NewMaster).All("VMName"));
        RunResult moved = lab.Run("Get-VmUpdatePool LabPool | Update-PooledVmImage -MasterPath $1 -Force", lab.NewMaster);
        Assert.Equal(["Blocked", "Updated", "Updated"], moved.All("State").Order());
    }

    [Fact]
    public void What_a_check_found_is_readable_as_text()
    {
        using var lab = new Lab(pooled: 1);
        RunResult result = lab.RunWell("$test = Test-PooledVmImage PC-01 $1; \"$($test.Findings)\"; \"$($test.Plan)\"", lab.NewMaster);
        Assert.Contains("Blocked VmHasCheckpoints: ", result.Output[0].ToString(), StringComparison.Ordinal);
        Assert.All(result.Output, text => Assert.DoesNotContain("{", text.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void All_that_is_piped_in_is_one_run()
    {
        using var lab = new Lab(pooled: 4);
        RunResult result = lab.RunWell("Get-VmUpdateMachine PC-0[123] | Update-PooledVmImage -MasterPath $1 -ThrottleLimit 3 -Force", lab.NewMaster);
        Assert.Equal(["PC-01", "PC-02", "PC-03"], result.All("VMName").Order());
        Assert.Contains(result.Progress, progress => progress.StatusDescription.Contains("of 3 done", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Update-PooledVmImage -Name ", "PC-01 PC-02")]
    [InlineData("Get-PooledVmImage -Name PC-02", "PC-02")]
    [InlineData("Get-VmUpdateMachine D", "DESK-01")]
    [InlineData("Test-PooledVmImage -Pool ", "LabPool")]
    [InlineData("Set-VmUpdateMachine -Role ", "Ignored Personal Pooled")]
    [InlineData("Update-PooledVmImage -UserData ", "Always Never WhenForcedOff")]
    [InlineData("Update-PooledVmImage -ExcludeSet domain-", "domain-trust")]
    [InlineData("Import-VmIdentity -CarrySet ", "computer-name machine-guid")]
    [InlineData("Set-VmUpdateLabMachine -Name D", "DESK-01")]
    [InlineData("New-VmUpdateLabMachine -Pool ", "LabPool")]
    public void Names_are_completed(string line, string expected)
    {
        using var lab = new Lab(pooled: 2, personal: 1);
        RunResult result = lab.RunWell("(TabExpansion2 -inputScript $1 -cursorColumn $1.Length).CompletionMatches | ForEach-Object CompletionText", line);
        IEnumerable<string> offered = result.Output.Select(text => text.ToString()).Order(StringComparer.Ordinal);
        Assert.Subset(offered.ToHashSet(), expected.Split(' ').ToHashSet());
    }

    [Fact]
    public void A_name_with_a_blank_is_completed_in_quotes()
    {
        using var lab = new Lab(pooled: 1);
        lab.RunWell("New-VmUpdatePool -Name \"Anna's pool\"");
        RunResult result = lab.RunWell("(TabExpansion2 -inputScript 'Get-VmUpdatePool Ann' -cursorColumn 20).CompletionMatches.CompletionText");
        Assert.Equal("'Anna''s pool'", result.Single.ToString());
    }

    [Fact]
    public void Nothing_is_completed_without_a_host()
    {
        using var engine = new Engine();
        RunResult result = engine.RunWell("(TabExpansion2 -inputScript 'Get-VmUpdatePool -Name Lab' -cursorColumn 26).CompletionMatches | Where-Object ResultType -eq ParameterValue");
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("Get-VmUpdateMachine", "VMName State Role Pool", "PC-01")]
    [InlineData("Get-VmUpdatePool", "Pool Machines KeepOldDiskDays MasterPath", "LabPool")]
    [InlineData("Get-PooledVmImage", "VMName Pool Revision Current Master", "PC-01")]
    [InlineData("Test-PooledVmImage -Pool LabPool -MasterPath $lab.NewMasterPath", "VMName Verdict Carried", "Blocked")]
    [InlineData("Update-PooledVmImage -Name PC-01 -MasterPath $lab.NewMasterPath -Force", "VMName State Revision Carried Lost Seconds To ErrorId", "Updated")]
    [InlineData("Get-VmIdentity $lab.OldMasterPath", "Set Item Verb Present Fingerprint Value", "computer-name")]
    [InlineData("Connect-VmUpdateHost $lab.LabPath", "ComputerName Kind Address StorePath", "Lab")]
    [InlineData("$lab", "ComputerName Pool PooledVMs PersonalVMs LabPath", "LabPool")]
    public void Each_type_has_a_view_that_fits_on_a_screen(string script, string headings, string content)
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell($"{script} | Out-Default");
        string text = lab.Engine.Host.Screen.TakeText();
        string heading = text.Split('\n').First(line => line.Trim().Length > 0 && !line.Contains("Path:", StringComparison.Ordinal));
        Assert.StartsWith(headings, string.Join(' ', heading.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains(content, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sessions_work_on_two_hosts()
    {
        using var one = new Lab(pooled: 1);
        using var other = new Lab(pooled: 1, personal: 1);
        Assert.Single(one.RunWell("Get-VmUpdateMachine").Output);
        Assert.Equal(2, other.RunWell("Get-VmUpdateMachine").Output.Count);
    }

    [Fact]
    public void Pools_and_machines_are_declared_shown_changed_and_forgotten()
    {
        using var lab = new Lab(pooled: 2, personal: 1);
        lab.RunWell("New-VmUpdatePool -Name Front -MasterPath $1 -KeepOldDiskDays 3", lab.NewMaster);
        lab.RunWell("Set-VmUpdateMachine -Name DESK-01 -Role Pooled -Pool Front");
        PSObject pool = lab.RunWell("Get-VmUpdatePool Fr*").Single;
        Assert.Equal($"Front {lab.NewMaster} 3 1", string.Join(' ', new[] { "Pool", "MasterPath", "KeepOldDiskDays", "MachineCount" }.Select(name => pool.Properties[name].Value)));

        lab.RunWell("Get-VmUpdatePool Front | Set-VmUpdatePool -KeepOldDiskDays 30");
        Assert.Equal(30d, lab.RunWell("Get-VmUpdatePool Front").Single.Properties["KeepOldDiskDays"].Value);

        lab.RunWell("Get-VmUpdateMachine -Pool Front | Set-VmUpdateMachine -Role Ignored; Remove-VmUpdatePool Front");
        Assert.Equal(["LabPool"], lab.RunWell("Get-VmUpdatePool").All("Pool"));
        Assert.Equal("Ignored", $"{lab.RunWell("Get-VmUpdateMachine DESK-01").Single.Properties["Role"].Value}");
    }

    [Fact]
    public void Your_own_disk_is_adopted_and_stays_as_it_is()
    {
        using var lab = new Lab(pooled: 1);
        string mine = Path.Combine(lab.Beside, "mine.vhdx");
        File.Copy(lab.OldMaster, mine);
        byte[] before = File.ReadAllBytes(mine);
        PSObject machine = lab.RunWell("New-VmUpdateLabMachine -LabPath $1 -Name MINE -DiskPath $2 -Pool LabPool", lab.Path, mine).Single;
        Assert.Equal("MINE Pooled LabPool", $"{machine.Properties["VMName"].Value} {machine.Properties["Role"].Value} {machine.Properties["Pool"].Value}");
        Assert.Equal(["Updated"], lab.RunWell("Update-PooledVmImage -Name MINE -MasterPath $1 -Force", lab.NewMaster).All("State"));
        Assert.Equal(before, File.ReadAllBytes(mine));
    }

    [Fact]
    public void Pools_are_found_by_the_disks_of_machines_that_are_declared_to_be_nothing()
    {
        using var lab = new Lab(pooled: 3, personal: 1);
        lab.RunWell("Set-VmUpdateMachine PC-01, PC-02, PC-03 -Role Ignored; Remove-VmUpdatePool LabPool; Set-VmUpdateMachine PC-03 -Role Personal");
        lab.RunWell("New-VmUpdatePool -Discover -WhatIf");
        Assert.Empty(lab.RunWell("Get-VmUpdatePool").Output);

        lab.RunWell("New-VmUpdatePool master-v1");
        PSObject pool = lab.RunWell("New-VmUpdatePool -Discover -KeepOldDiskDays 3").Single;
        Assert.Equal(
            $"master-v1-2 {lab.OldMaster} 3 2", string.Join(' ', new[] { "Pool", "MasterPath", "KeepOldDiskDays", "MachineCount" }.Select(name => pool.Properties[name].Value)));
        Assert.Equal("Pooled", $"{lab.RunWell("Get-VmUpdateMachine PC-02").Single.Properties["Role"].Value}");
        Assert.Equal("Personal", $"{lab.RunWell("Get-VmUpdateMachine PC-03").Single.Properties["Role"].Value}");

        lab.RunWell("Set-VmUpdateMachine PC-02 -Role Ignored");
        Assert.Equal("master-v1-2", lab.RunWell("New-VmUpdatePool -Discover").Single.Properties["Pool"].Value);
        Assert.Empty(lab.RunWell("New-VmUpdatePool -Discover").Output);
    }
}
