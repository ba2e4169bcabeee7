using System.Management.Automation;
using System.Text;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.Simulation.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class IdentityLeakTests
{
    /// <summary>What the lab's builder plants: see LabLeaks in src/VmUpdate.Lab, and its README.</summary>
    private static readonly string[] OfEachMaster =
    [
        "answer-file-passwords", "auto-logon", "cached-logons", "console-history",
        "defender-for-endpoint", "dhcpv6-duid", "msmq", "sqm-machine-id", "tanium", "windows-update",
    ];

    private const string SharedByFirstTwo = "trend-micro";
    private const string BuilderPassword = "Not-A-Secret-In-A-Lab-1";
    private static readonly string[] OfOneMaster = [.. OfEachMaster.Select(set => $"Leak {set}")];

    [Fact]
    public void In_the_quick_start_s_lab_exactly_the_planted_leaks_are_found()
    {
        using var lab = new Lab(pooled: 8);
        string[] expected = [.. OfOneMaster.Append($"Duplicate {SharedByFirstTwo}").Order(StringComparer.Ordinal)];
        foreach (string script in new[] { "Test-VmIdentity -Pool LabPool", $"Test-VmIdentity {Quoted(Path.Combine(lab.Path, "disks"))}" })
        {
            RunResult result = lab.RunWell(script);
            Assert.Equal(expected, Found(result));
            PSObject shared = result.Output.Single(finding => $"{finding.Properties["Kind"].Value}" == "Duplicate");
            Assert.Equal(["PC-01", "PC-02"], ((IEnumerable<string>)shared.Properties["Disk"].Value).Select(name => name[..5]));
        }

        Assert.Equal(OfOneMaster.Order(StringComparer.Ordinal), Found(lab.RunWell("Test-VmIdentity -Path $1", lab.NewMaster)));
        Assert.Equal(expected, Found(lab.RunWell("Test-VmIdentity -VMName PC-01, PC-02")));
        Assert.Equal(OfOneMaster.Order(StringComparer.Ordinal), Found(lab.RunWell("Get-PooledVmImage -Name PC-03 | Test-VmIdentity")));
    }

    [Fact]
    public void After_the_swap_old_and_new_disks_in_one_folder_are_no_doubles()
    {
        using var lab = new Lab(pooled: 3);
        lab.RunWell("$null = Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force; $null = Restore-PooledVmImage -Name PC-01 -Force", lab.NewMaster);
        lab.RunWell("$null = Update-PooledVmImage -Name PC-02 -MasterPath $1 -Force", lab.NewMaster);
        IEnumerable<string> doubles = Found(lab.RunWell("Test-VmIdentity -Path $1", Path.Combine(lab.Path, "disks"))).Where(found => found.StartsWith("Duplicate", StringComparison.Ordinal));
        Assert.Equal([$"Duplicate {SharedByFirstTwo}"], doubles);
    }

    [Fact]
    public void Patterns_folders_and_the_pipeline_mean_the_same_disks_and_nothing_is_changed()
    {
        using var lab = new Lab(pooled: 2);
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        string masters = Path.Combine(lab.Path, "masters");
        int count = 2 * OfOneMaster.Length;
        Assert.Equal(count, lab.RunWell("Test-VmIdentity -Path $1", Path.Combine(masters, "*.vhdx")).Output.Count);
        Assert.Equal(count, lab.RunWell("Test-VmIdentity -Path $1", masters).Output.Count);
        Assert.Equal(count, lab.RunWell("$1, $2 | Test-VmIdentity", lab.OldMaster, lab.NewMaster).Output.Count);
        Assert.Equal(count, lab.RunWell("[pscustomobject]@{ FullName = $1 }, [pscustomobject]@{ FullName = $2 } | Test-VmIdentity", lab.OldMaster, lab.NewMaster).Output.Count);
        Assert.Empty(lab.RunWell("Test-VmIdentity -Path $1 -Role Machine", lab.OldMaster).Output);
        Assert.Empty(lab.RunWell("Test-VmIdentity -Path $1", Path.Combine(masters, "none*.vhdx")).Output);
        Assert.Equal(before, lab.Hashes(withStore: false));
    }

    [Fact]
    public void One_disk_that_cannot_be_read_spares_the_others()
    {
        using var lab = new Lab(pooled: 2);
        File.WriteAllText(Path.Combine(lab.Path, "masters", "broken.vhdx"), "no disk");
        RunResult result = lab.Run("Test-VmIdentity -Path $1, $2", Path.Combine(lab.Path, "masters"), Path.Combine(lab.Beside, "none.vhdx"));
        Assert.Equal(["DiskWrongFormat", "HostFileNotFound"], result.ErrorIds.Order(StringComparer.Ordinal));
        Assert.Equal(2 * OfOneMaster.Length, result.Output.Count);
    }

    [Theory]
    [InlineData("Test-VmIdentity -Pool Nowhere", "StoreNotFound")]
    [InlineData("Test-VmIdentity -VMName PC-77", "VmNotFound")]
    [InlineData("Test-VmIdentity -Path nowhere.vhdx", "HostFileNotFound")]
    public void What_cannot_be_meant_is_one_error(string script, string id)
    {
        using var lab = new Lab(pooled: 1);
        Assert.Equal([id], lab.Run(script).ErrorIds);
        using var engine = new Engine();
        Assert.Equal([script.Contains("-Path", StringComparison.Ordinal) ? id : "NotConnected"], engine.Run(script).ErrorIds);
    }

    [Fact]
    public void The_report_is_one_page_beside_the_objects_and_an_older_one_is_replaced()
    {
        using var lab = new Lab(pooled: 2);
        string report = Path.Combine(lab.Beside, "report.html");
        File.WriteAllText(report, "old");
        Assert.NotEmpty(lab.RunWell("Test-VmIdentity -Pool LabPool -AsReport $1", report).Output);
        string page = File.ReadAllText(report);
        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        Assert.Contains("Pool LabPool", page, StringComparison.Ordinal);
        Assert.Equal(["report.html"], Directory.EnumerateFiles(lab.Beside, "report*").Select(Path.GetFileName));
        Assert.Equal(["HostFileNotFound"], lab.Run("Test-VmIdentity -Pool LabPool -AsReport $1", Path.Combine(lab.Beside, "none", "x.html")).ErrorIds);
    }

    [Fact]
    public void Clear_makes_a_master_that_leaks_nothing_and_takes_nothing_twice()
    {
        using var lab = new Lab(pooled: 1);
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        string clean = Path.Combine(lab.Beside, "clean.vhdx");
        RunResult taken = lab.RunWell("Clear-VmIdentity -Path $1 -Destination $2", lab.OldMaster, clean);
        Assert.Equal(OfEachMaster.Order(StringComparer.Ordinal), taken.All("SetName").Distinct().Order(StringComparer.Ordinal));
        taken.AssertPercents($"Cleaning '{lab.OldMaster}'");
        Assert.Empty(lab.RunWell("Test-VmIdentity -Path $1", clean).Output);
        Assert.Empty(lab.RunWell("Clear-VmIdentity -Path $1 -Destination $2", clean, Path.Combine(lab.Beside, "again.vhdx")).Output);
        Assert.Equal(["HostFileAlreadyExists"], lab.Run("Clear-VmIdentity -Path $1 -Destination $2", lab.OldMaster, clean).ErrorIds);
        Assert.Equal(before, lab.Hashes(withStore: false));
        lab.RunWell("$null = Update-PooledVmImage -Name PC-01 -MasterPath $1 -Force -ErrorAction SilentlyContinue", clean);
    }

    [Fact]
    public void What_if_says_what_would_be_taken_and_writes_nothing()
    {
        using var lab = new Lab(pooled: 1);
        string clean = Path.Combine(lab.Beside, "clean.vhdx");
        Assert.Empty(lab.RunWell("Clear-VmIdentity -Path $1 -Destination $2 -WhatIf", lab.OldMaster, clean).Output);
        Assert.False(File.Exists(clean));
        Assert.Contains("auto-logon", lab.Engine.Host.Screen.TakeText(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_secret_is_in_any_stream_a_transcript_would_hold_in_the_report_or_on_the_clean_disk()
    {
        using var lab = new Lab(pooled: 2);
        string report = Path.Combine(lab.Beside, "report.html");
        string clean = Path.Combine(lab.Beside, "clean.vhdx");
        var search = new SecretSearch();
        search.Add("the builder's password", Encoding.ASCII.GetBytes(BuilderPassword));
        search.Add("the builder's password in UTF-16", Encoding.Unicode.GetBytes(BuilderPassword));
        RunResult result = lab.Run(
            """
            $VerbosePreference = 'Continue'; $DebugPreference = 'Continue'; $InformationPreference = 'Continue'
            Get-VmIdentity -Path $1 | Out-Host
            Get-VmIdentity -Path $1
            Test-VmIdentity -Path $1 -AsReport $2 | Out-Host
            Test-VmIdentity -Pool LabPool
            Clear-VmIdentity -Path $1 -Destination $3
            Clear-VmIdentity -Path $1 -Destination $3
            """,
            lab.OldMaster,
            report,
            clean);
        string streams = string.Join('\n', [
            lab.Engine.Host.Screen.TakeText(), .. result.Warnings, .. result.Verbose, .. result.Progress.Select(record => record.ToString()),
            .. result.Errors.Select(error => $"{error} {error.Exception} {error.TargetObject}"),
            .. result.Output.SelectMany(item => item.Properties.Select(property => $"{property.Name} {property.Value}"))]);
        Assert.Contains("auto-logon", streams, StringComparison.Ordinal);
        Assert.Empty(search.Find(streams));
        Assert.Empty(search.Find(File.ReadAllBytes(report)));
        Assert.Empty(search.Find(File.ReadAllBytes(clean)));
        Assert.NotEmpty(search.Find(File.ReadAllBytes(lab.OldMaster)));
        Assert.NotEmpty(search.Find(streams + BuilderPassword));
    }

    private static string Quoted(string path) => $"'{path}'";

    private static IEnumerable<string> Found(RunResult result) => result.Output
        .Select(finding => $"{finding.Properties["Kind"].Value} {finding.Properties["SetName"].Value}").Order(StringComparer.Ordinal);
}
