using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class VersionCmdletTests
{
    private const string Make = "New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command 'set.exe'";

    [Fact]
    public void A_version_is_made_listed_and_the_pool_moves_to_it_without_naming_it()
    {
        using var lab = new Lab(pooled: 3);
        Script(lab, "LabPool-v2-build", """{ "files": { "Program Files\\Contoso\\version.txt": "1.1" } }""");
        lab.RunWell("$null = Set-VmUpdateMachine PC-03 -Role Ignored");
        RunResult result = lab.RunWell(Make);
        PSObject made = result.Single;
        Assert.Equal((2, 1, true, true), (made.Properties["Version"].Value, made.Properties["FromVersion"].Value, made.Properties["IsCurrent"].Value, made.Properties["Exists"].Value));
        Assert.Contains("auto-logon", $"{made.Properties["Findings"].Value}", StringComparison.Ordinal);
        Assert.NotEmpty(result.Progress);
        Assert.Empty(result.Warnings);

        string path = $"{made.Properties["Path"].Value}";
        Assert.Equal([path, path], lab.RunWell("Update-PooledVmImage -Pool LabPool -Force").All("To"));
        RunResult all = lab.RunWell("Get-PooledVmImageVersion");
        Assert.Equal(["1", "2"], all.All("Version"));
        Assert.Equal(["", "PC-01; PC-02"], all.All("UsedBy"));
        Assert.Equal("Succeeded", $"{lab.RunWell("Get-VmUpdateRun -RunId $1", made.Properties["RunId"].Value).Single.Properties["State"].Value}");

        lab.RunWell("Get-PooledVmImageVersion LabPool | Out-Host");
        string text = lab.Engine.Host.Screen.TakeText();
        Assert.Matches(@"LabPool +1 +no .* 0 +\? master-v1\.vhdx", text);
        Assert.Matches(@"LabPool +2 +yes +1 .* 2 +[0-9]+ master-v1\.v2\.", text);
    }

    [Fact]
    public void A_registered_task_is_performed_as_it_is_and_stays()
    {
        using var lab = new Lab(pooled: 2, personal: 1);
        lab.RunWell("Register-VmUpdateTask Patch 'set.exe' -Kind Configuration -VMName DESK-01 -Schedule '0 22 * * 2'");
        Assert.Equal(2, lab.RunWell("New-PooledVmImageVersion LabPool -TaskName Patch").Single.Properties["Version"].Value);
        Assert.Equal("Patch", $"{lab.RunWell("Get-VmUpdateTask").Single.Properties["TaskName"].Value}");
    }

    [Fact]
    public void WhatIf_says_which_version_would_be_made_from_what_and_makes_nothing()
    {
        using var lab = new Lab(pooled: 2);
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        Assert.Empty(lab.RunWell($"{Make} -WhatIf").Output);
        string text = lab.Engine.Host.Screen.TakeText();
        Assert.Contains("What if:", text, StringComparison.Ordinal);
        Assert.Contains("version 2", text, StringComparison.Ordinal);
        Assert.Contains("master-v1.vhdx", text, StringComparison.Ordinal);
        Assert.Equal(before, lab.Hashes(withStore: false));
        Assert.Equal(["1"], lab.RunWell("Get-PooledVmImageVersion").All("Version"));
    }

    [Theory]
    [InlineData("StoreNotFound", "New-PooledVmImageVersion -Pool Nowhere -Kind Configuration -Command x")]
    [InlineData("StoreNotFound", "Get-PooledVmImageVersion Nowhere")]
    [InlineData("TaskNotFound", "New-PooledVmImageVersion -Pool LabPool -TaskName Nothing")]
    [InlineData("TaskPayloadEmpty", "New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command ''")]
    [InlineData("TaskPayloadEmpty", "New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command '' -WhatIf")]
    [InlineData("HostFileNotFound", "New-PooledVmImageVersion -Pool LabPool -Kind Configuration -ScriptPath ./none.ps1")]
    [InlineData("TaskBadLimit", "New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command x -Timeout 10d")]
    [InlineData("PoolHasNoMachine", "$null = New-VmUpdatePool Empty -MasterPath $lab.OldMasterPath; New-PooledVmImageVersion -Pool Empty -Kind Configuration -Command x")]
    [InlineData("NoMaster", "$null = New-VmUpdatePool Bare; New-PooledVmImageVersion -Pool Bare -Kind Configuration -Command x")]
    [InlineData("BuildTaskFailed", "[IO.File]::WriteAllText([IO.Path]::Combine($guests, 'LabPool-v2-build.json'), '{ \"end\": \"Fails\" }'); New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command x")]
    [InlineData("BuildTaskNotBegun", "Suspend-VmUpdateTask -All; New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command x")]
    public void What_stands_in_the_way_is_an_error_with_its_id(string id, string script)
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("$guests = $1; $null = [IO.Directory]::CreateDirectory($guests)", Path.Combine(lab.Path, "guests"));
        ErrorRecord error = Assert.Single(lab.Run(script).Errors);
        Assert.Equal(id, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal([lab.OldMaster], lab.RunWell("Get-VmUpdatePool LabPool").All("MasterPath"));
        Assert.Equal(["PC-01", "PC-02"], lab.RunWell("Get-VmUpdateMachine").All("VMName"));
    }

    [Fact]
    public void An_image_is_looked_through_to_the_last_registry_value_and_nothing_is_changed()
    {
        using var lab = new Lab(pooled: 2);
        SortedDictionary<string, string> before = lab.Hashes();
        RunResult result = lab.RunWell("Test-VmImage $1, $2", lab.NewMaster, lab.DiskOf("PC-01"));
        Assert.Equal(["True", "True"], result.All("IsSound"));
        Assert.Equal([lab.NewMaster, "Done", lab.DiskOf("PC-01"), "Done"], result.Progress.Select(record => record.StatusDescription));
        Assert.Equal(["MASTER-V2", "PC-01"], result.All("ImageName"));
        Assert.Equal(["", lab.OldMaster], result.All("Parents"));
        Assert.All(result.All("RegistryItems"), items => Assert.True(int.Parse(items, System.Globalization.CultureInfo.InvariantCulture) > 50));
        Assert.Equal(before, lab.Hashes());
        lab.RunWell("Test-VmImage $1 | Out-Host", lab.NewMaster);
        Assert.Matches(@"yes +19045 no +master-v2\.vhdx", lab.Engine.Host.Screen.TakeText());
    }

    [Theory]
    [InlineData("missing", "HostFileNotFound")]
    [InlineData("text", "DiskWrongFormat")]
    [InlineData("truncated", "DiskTruncated")]
    [InlineData("bitlocker", "DiskBitLocker")]
    [InlineData("no-windows", "IdentityNoWindowsFolder")]
    [InlineData("hive-checksum", "DiskWrongChecksum")]
    [InlineData("dirty", "DiskVolumeDirty")]
    [InlineData("hibernated", "DiskHibernated")]
    public void What_is_wrong_with_an_image_is_said_and_no_version_is_made_from_it(string kind, string id)
    {
        using var lab = new Lab(pooled: 2);
        string path = BadDisk.Make(lab, kind);
        PSObject test = lab.RunWell("Test-VmImage $1", path).Single;
        Assert.Equal("False", $"{test.Properties["IsSound"].Value}");
        Assert.Equal(id, $"{test.Properties["ErrorIds"].Value}".Split(';')[0]);
        Assert.NotEmpty($"{test.Properties["Findings"].Value}");

        lab.RunWell("$null = Set-VmUpdatePool LabPool -MasterPath $1", path);
        Assert.Equal(["ImageNotSound"], lab.Run(Make).ErrorIds);
    }

    [Fact]
    public void Ctrl_c_takes_everything_away()
    {
        using var lab = new Lab(pooled: 2);
        Script(lab, "LabPool-v2-build", """{ "applying": "00:05:00" }""");
        RunResult result = lab.Engine.RunUntil(
            $"{Make} -Verbose", shell => shell.Streams.Verbose.Any(verbose => verbose.Message.Contains("TaskGiven", StringComparison.Ordinal)));
        Assert.True(result.WasStopped);
        Assert.Equal(["PC-01", "PC-02"], lab.RunWell("Get-VmUpdateMachine").All("VMName"));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(lab.Path, "masters")).Length);
        Assert.Empty(lab.RunWell("Get-VmUpdateTask").Output);
    }

    [Fact]
    public void Pools_and_tasks_complete()
    {
        using var lab = new Lab(pooled: 2);
        lab.RunWell("Register-VmUpdateTask Patch x -Kind Configuration -Pool LabPool -WarningAction SilentlyContinue");
        Assert.Equal(["LabPool"], Complete(lab, "New-PooledVmImageVersion -Pool "));
        Assert.Equal(["Patch"], Complete(lab, "New-PooledVmImageVersion LabPool -TaskName "));
        Assert.Equal(["LabPool"], Complete(lab, "Get-PooledVmImageVersion "));
    }

    private static IEnumerable<string> Complete(Lab lab, string line) =>
        lab.RunWell("(TabExpansion2 $1 $1.Length).CompletionMatches.CompletionText", line).Output.Select(text => text.ToString());

    private static void Script(Lab lab, string machine, string script)
    {
        string guests = Directory.CreateDirectory(Path.Combine(lab.Path, "guests")).FullName;
        File.WriteAllText(Path.Combine(guests, machine + ".json"), script);
    }
}
