using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class TaskCmdletTests
{
    private const string Patch = "Register-VmUpdateTask -Name Patch -Kind Configuration -Command 'patch.exe' -VMName DESK-01 -PassThru";

    [Theory]
    [InlineData("OperatingSystemUpgrade", "04:00:00", 5, "01:00:00")]
    [InlineData("ApplicationInstall", "01:00:00", 1, "00:15:00")]
    [InlineData("ApplicationUpgrade", "01:00:00", 1, "00:15:00")]
    [InlineData("Configuration", "00:10:00", 0, "00:05:00")]
    public void The_limits_that_the_kind_sets_are_shown(string kind, string total, int restarts, string away)
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        PSObject task = lab.RunWell("Register-VmUpdateTask Patch patch.exe -Kind $1 -VMName desk-01 -PassThru", kind).Single;
        Assert.Equal(
            $"{kind} Script {total} {restarts} {away} IfNoSession Normal 1",
            string.Join(' ', new[] { "Kind", "Instructor", "Timeout", "MaxRestarts", "RebootTimeout", "RestartPolicy", "Priority", "OpenRuns" }.Select(name => $"{task.Properties[name].Value}")));
        Assert.Equal(64, $"{task.Properties["PayloadSha256"].Value}".Length);
        Assert.Contains(" on ", $"{task.Properties["RegisteredBy"].Value}", StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_said_is_kept()
    {
        using var lab = new Lab(pooled: 2, personal: 1);
        const string script = """
            Register-VmUpdateTask -Name Monthly -Kind OperatingSystemUpgrade -Instructor WindowsUpdate -Context 0, 255, 13 -VMName 'DESK-*' -Pool LabPool `
                -EarliestStart ([DateTime]'2099-01-01 10:00') -LatestStart ([DateTime]'2099-03-01 10:00') -Deadline ([DateTime]'2099-02-01T10:00:00Z') -StopTime ([DateTime]'2099-03-02') `
                -Window 'Mon-Fri 22:00-05:00', @{ Days = 'Sat', 'Sun'; Opens = '08:00'; Closes = '20:00' } -Schedule '0 22 * * 2' -TimeZone 'W. Europe Standard Time' `
                -Priority High -Urgent -RestartPolicy Never -AllowUnknownSessions -Timeout 3h -WakeTimeout 20m -ApplyTimeout 90s -RebootTimeout 00:30:00 `
                -MaxRestarts 2 -Retry 3 -RetryDelay 1m -RetryMaxDelay 1h -StopOnFailureCount 4 -StopOnFailurePercent 50 -WarningAction SilentlyContinue
            $t = Get-VmUpdateTask Monthly -Detailed
            "$($t.Target.ToString())|$($t.StartTime.ToString('u'))|$($t.EndTime.ToString('u'))|$($t.Deadline.ToString('u'))|$($t.Window.ToString())|$($t.Schedule)|$($t.TimeZone)|$($t.Priority) $($t.Urgent) $($t.RestartPolicy) $($t.AllowUnknownSessions)"
            "$($t.Timeout) $($t.WakeTimeout) $($t.SearchTimeout) $($t.ApplyTimeout) $($t.RebootTimeout) $($t.MaxRestarts) $($t.Retry) $($t.RetryDelay) $($t.RetryMaxDelay) $($t.StopOnFailureCount) $($t.StopOnFailurePercent)"
            "$($t.PayloadKind) $($t.PayloadLength) $($t.PayloadText) $($t.OpenRuns)"
            """;
        Assert.Equal(
            [
                "DESK-*; pool LabPool|2099-01-01 09:00:00Z|2099-03-01 09:00:00Z|2099-02-01 10:00:00Z|Mon,Tue,Wed,Thu,Fri 22:00-05:00; Sat,Sun 08:00-20:00|0 22 * * 2|W. Europe Standard Time|High True Never True",
                "03:00:00 00:20:00 03:00:00 00:01:30 00:30:00 2 3 00:01:00 01:00:00 4 50",
                "Context 3 AP8N 3",
            ],
            lab.RunWell(script).Output.Select(line => line.ToString()));
    }

    [Fact]
    public void A_script_is_copied_in_as_it_is()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        string script = Path.Combine(lab.Beside, "fix.ps1");
        File.WriteAllText(script, "'a'\r\n");
        lab.RunWell("Register-VmUpdateTask -Name Fix -Kind Configuration -ScriptPath $1 -VMName DESK-01", script);
        File.WriteAllText(script, "changed afterwards");
        PSObject task = lab.RunWell("Get-VmUpdateTask Fix -Detailed").Single;
        Assert.Equal("Script fix.ps1 5 'a'\r\n", string.Join(' ', new[] { "PayloadKind", "PayloadName", "PayloadLength", "PayloadText" }.Select(name => $"{task.Properties[name].Value}")));
    }

    [Theory]
    [InlineData("Get-VmUpdateMachine DESK* | Register-VmUpdateTask -Name T -Kind Configuration -Command x", "T:3")]
    [InlineData("'DESK-01', 'DESK-02' | ForEach-Object { [pscustomobject]@{ VMName = $_ } } | Register-VmUpdateTask -Name T -Kind Configuration -Command x", "T:2")]
    [InlineData("Get-VmUpdateMachine DESK* | Register-VmUpdateTask -Name { \"T $($_.VMName)\" } -Kind Configuration -Command x", "T DESK-01:1 T DESK-02:1 T DESK-03:1")]
    [InlineData("1..3 | ForEach-Object { [pscustomobject]@{ Name = \"T$_\"; VMName = 'DESK-01'; Command = \"x $_\"; Kind = 'Configuration' } } | Register-VmUpdateTask", "T1:1 T2:1 T3:1")]
    [InlineData("Get-VmUpdateMachine PC-01 | Register-VmUpdateTask -Name T -Kind Configuration -Command x -WarningAction SilentlyContinue", "T:1")]
    [InlineData("Get-VmUpdatePool | Register-VmUpdateTask -Name T -Kind Configuration -Command x -WarningAction SilentlyContinue", "T:2")]
    [InlineData("Get-VmUpdateMachine nothing* | Register-VmUpdateTask -Name T -Kind Configuration -Command x", "")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -TargetKind Personal", "T:3")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -All -WarningAction SilentlyContinue", "T:5")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -VMName DESK-0?", "T:3")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -VMId (Get-VmUpdateMachine DESK-02).VMId", "T:1")]
    [InlineData("Get-VmUpdateMachine DESK-01 | Register-VmUpdateTask -Name T -Kind Configuration -Command x; Get-VmUpdateRun | Register-VmUpdateTask -Name Again -Kind Configuration -Command x", "T:1 Again:1")]
    public void Machines_are_named_in_many_ways(string script, string expected)
    {
        using var lab = new Lab(pooled: 2, personal: 3);
        lab.RunWell(script);
        Assert.Equal(expected, string.Join(' ', lab.RunWell("Get-VmUpdateTask | ForEach-Object { \"$($_.TaskName):$($_.OpenRuns)\" }").Output));
    }

    [Fact]
    public void An_object_leaves_the_pipeline_only_when_its_task_is_on_the_disk()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        const string script = """
            1..130 | ForEach-Object { [pscustomobject]@{ Name = "T$_" } } | Register-VmUpdateTask -Kind Configuration -Command x -VMName DESK-01 -PassThru |
                ForEach-Object { (Get-VmUpdateTask $_.TaskName).TaskId -eq $_.TaskId }
            """;
        RunResult result = lab.RunWell(script);
        Assert.Equal(130, result.Output.Count);
        Assert.All(result.Output, found => Assert.Equal(true, found.BaseObject));
    }

    [Fact]
    public void The_same_name_twice_is_an_error_that_spares_the_others_and_force_replaces()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        RunResult result = lab.Run("'a', 'A', 'b' | ForEach-Object { [pscustomobject]@{ Name = $_ } } | Register-VmUpdateTask -Kind Configuration -Command x -VMName DESK-01 -PassThru");
        Assert.Equal(["TaskNameTaken"], result.ErrorIds);
        Assert.Equal(["a", "b"], result.All("TaskName"));
        ErrorRecord error = Assert.Single(lab.Run("Register-VmUpdateTask B x -Kind Configuration -VMName DESK-01").Errors);
        Assert.Equal(ErrorCategory.ResourceExists, error.CategoryInfo.Category);
        lab.RunWell("Register-VmUpdateTask B x -Kind ApplicationUpgrade -VMName DESK-01 -Force");
        Assert.Equal(["a", "B"], lab.RunWell("Get-VmUpdateTask").All("TaskName"));
    }

    [Fact]
    public void Tasks_are_shown_suspended_resumed_changed_and_removed()
    {
        using var lab = new Lab(pooled: 0, personal: 2);
        lab.RunWell(Patch);
        lab.RunWell("Register-VmUpdateTask Paint paint.exe -Kind ApplicationInstall -VMName DESK-01, DESK-02");
        Assert.Equal(["Patch", "Paint"], lab.RunWell("Get-VmUpdateTask P*").All("TaskName"));
        Assert.Equal(["Suspended"], lab.RunWell("Get-VmUpdateTask Patch | Suspend-VmUpdateTask -PassThru").All("State"));
        Assert.Equal(["Suspended", "Active"], lab.RunWell("Get-VmUpdateTask").All("State"));
        Assert.Equal(["Active"], lab.RunWell("'Patch' | Resume-VmUpdateTask -PassThru").All("State"));
        PSObject changed = lab.RunWell("Get-VmUpdateTask Paint | Set-VmUpdateTask -Priority High -Timeout 2h -EndTime ([DateTime]'2099-01-01Z') -PassThru").Single;
        Assert.Equal("High 02:00:00 02:00:00 2099-01-01", $"{changed.Properties["Priority"].Value} {changed.Properties["Timeout"].Value} {changed.Properties["ApplyTimeout"].Value} {changed.Properties["EndTime"].Value:yyyy-MM-dd}");
        changed = lab.RunWell("Set-VmUpdateTask Paint -EndTime $null -PassThru").Single;
        Assert.Null(changed.Properties["EndTime"].Value);
        Assert.Equal("High", $"{changed.Properties["Priority"].Value}");
        lab.RunWell("Set-VmUpdateTask Paint -StartTime ([DateTime]'2099-01-01Z')");
        Assert.Equal(["NotBeforeStart", "NotBeforeStart"], lab.RunWell("Get-VmUpdateRun Paint").All("Reason"));
        lab.RunWell("Get-VmUpdateTask Paint | Unregister-VmUpdateTask -Force");
        Assert.Equal(["Patch"], lab.RunWell("Get-VmUpdateTask").All("TaskName"));
        Assert.Equal(2, lab.RunWell("Get-VmUpdateRun Paint").Output.Count);
        lab.RunWell("Unregister-VmUpdateTask -All -Confirm:$false");
        Assert.Empty(lab.RunWell("Get-VmUpdateTask").Output);
    }

    [Fact]
    public void Machines_and_the_whole_host_are_suspended_too()
    {
        using var lab = new Lab(pooled: 0, personal: 2);
        lab.RunWell("Set-VmUpdateHost -SettleTime 0; Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal");
        lab.RunWell("Get-VmUpdateMachine DESK-01 | Suspend-VmUpdateTask; Suspend-VmUpdateTask -All");
        Assert.Equal("True", $"{lab.RunWell("Get-VmUpdateHost").Single.Properties["Suspended"].Value}");
        Assert.Equal(0, lab.RunWell("Invoke-VmUpdateBroker").Single.Properties["Started"].Value);
        Assert.Equal(["VmSuspended", "HostSuspended"], lab.RunWell("Get-VmUpdateRun").All("Reason"));
        lab.RunWell("Resume-VmUpdateTask -All; Invoke-VmUpdateBroker");
        Assert.Equal(["Held", "Succeeded"], lab.RunWell("Get-VmUpdateRun").All("State"));
        lab.RunWell("Resume-VmUpdateTask -VMName DESK-01; Invoke-VmUpdateBroker");
        Assert.Equal(["Succeeded", "Succeeded"], lab.RunWell("Get-VmUpdateRun").All("State"));
    }

    [Fact]
    public void Runs_are_called_off_by_object_task_machine_and_id()
    {
        using var lab = new Lab(pooled: 0, personal: 4);
        lab.RunWell("Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal -StartTime ([DateTime]'2099-01-01Z'); Register-VmUpdateTask Other x -Kind Configuration -VMName DESK-01 -StartTime ([DateTime]'2099-01-01Z')");
        lab.RunWell("Get-VmUpdateRun Patch -VMName DESK-02 | Stop-VmUpdateRun; Stop-VmUpdateRun -VMName DESK-03; Stop-VmUpdateRun -TaskName Other; $null = Invoke-VmUpdateBroker");
        Assert.Equal(["Patch Pending", "Patch Canceled", "Patch Canceled", "Patch Pending", "Other Canceled"], lab.RunWell("Get-VmUpdateRun | ForEach-Object { \"$($_.TaskName) $($_.State)\" }").Output.Select(o => o.ToString()));
        Assert.Equal(["StoreNotFound"], lab.Run("Get-VmUpdateRun -VMName DESK-02 | Stop-VmUpdateRun").ErrorIds);
        lab.RunWell("Stop-VmUpdateRun -All; $null = Invoke-VmUpdateBroker");
        Assert.Empty(lab.RunWell("Get-VmUpdateRun -Open").Output);
        Assert.Equal(["CanceledByUser"], lab.RunWell("Get-VmUpdateRun Other").All("Reason"));
    }

    [Theory]
    [InlineData("Get-VmUpdateTask", "TaskName Kind State Open Ended Failed Start Target", "Here")]
    [InlineData("Get-VmUpdateRun", "VMName TaskName State Started Ended Why", "DESK-01")]
    [InlineData("Invoke-VmUpdateBroker -WhatIf", "Order ExpectedStart VMName TaskName Woken Reason", "DESK-01")]
    [InlineData("Invoke-VmUpdateBroker", "ComputerName Started Succeeded Failed StillOpen Seconds LeftAwake", "lab")]
    [InlineData("Get-VmUpdateHost", "ComputerName Cpu Free Total Broker Open Awake Why", "64.0 GiB")]
    [InlineData("Test-VmUpdateHost", "Check Verdict Detail Remedy", "Machines")]
    public void Each_type_about_tasks_has_a_view_that_fits_on_a_screen(string script, string headings, string content)
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        lab.RunWell("Register-VmUpdateTask Here x -Kind Configuration -VMName DESK-01");
        lab.Engine.Host.Screen.TakeText();
        lab.RunWell($"{script} | Out-Default");
        string text = lab.Engine.Host.Screen.TakeText();
        string heading = text.Split('\n').First(line => line.Trim().Length > 0 && !line.Contains("What if", StringComparison.Ordinal));
        Assert.StartsWith(headings, string.Join(' ', heading.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains(content, text, StringComparison.Ordinal);
    }
}
