using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>Mistakes leave everything as it is, so they are made in one lab.</summary>
public sealed class BadTaskTests(BadTaskTests.SharedLab shared) : IClassFixture<BadTaskTests.SharedLab>
{
    [Theory]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -VMName x")]
    [InlineData("Get-VmUpdateTask")]
    [InlineData("Set-VmUpdateTask T -Urgent")]
    [InlineData("Unregister-VmUpdateTask T -Force")]
    [InlineData("Suspend-VmUpdateTask -All")]
    [InlineData("Resume-VmUpdateTask T")]
    [InlineData("Invoke-VmUpdateBroker")]
    [InlineData("Get-VmUpdateRun")]
    [InlineData("Stop-VmUpdateRun -All")]
    [InlineData("Get-VmUpdateHost")]
    [InlineData("Set-VmUpdateHost -MaxAwake 1")]
    [InlineData("Test-VmUpdateHost")]
    public void Without_a_host_no_task_can_be_worked_with(string script)
    {
        using var engine = new Engine();
        Assert.Equal(["NotConnected"], engine.Run(script).ErrorIds);
    }

    [Theory]
    [InlineData("-VMName DESK-01 -StartTime ([DateTime]'2099-02-01') -EndTime ([DateTime]'2099-01-01')", "TaskEndBeforeStart")]
    [InlineData("-VMName DESK-01 -EndTime ([DateTime]'2020-01-01')", "TaskEndInPast")]
    [InlineData("-VMName DESK-01 -StopTime ([DateTime]'2020-01-01')", "TaskStopTooEarly")]
    [InlineData("-VMName DESK-77", "TaskUnknownVm")]
    [InlineData("-VMId ([guid]'11111111-1111-1111-1111-111111111111')", "TaskUnknownVm")]
    [InlineData("-VMName PC-02", "TaskIgnoredVm")]
    [InlineData("-VMName ''", "TaskNoTarget")]
    [InlineData("-VMName nothing*", "TaskNoTarget")]
    [InlineData("-Pool Nowhere", "TaskNoTarget")]
    [InlineData("", "TaskNoTarget")]
    [InlineData("-VMName *", "PatternMeansAll")]
    [InlineData("-VMName DESK-01, ?*", "PatternMeansAll")]
    [InlineData("-VMName TWIN", "TaskAmbiguousVm")]
    [InlineData("-VMName DESK-01 -TimeZone Nowhere/Atall", "TaskUnknownTimeZone")]
    [InlineData("-VMName DESK-01 -TimeZone Nowhere/Atall -Schedule '0 22 * * *'", "TaskUnknownTimeZone")]
    [InlineData("-VMName DESK-01 -Schedule 'each Tuesday'", "TaskBadSchedule")]
    [InlineData("-VMName DESK-01 -Schedule '0 0 30 2 *'", "TaskNeverFires")]
    [InlineData("-VMName DESK-01 -Schedule '0 22 1 1 *' -EndTime ([DateTime]::Now.AddMinutes(1))", "TaskNeverFires")]
    [InlineData("-VMName DESK-01 -Window 'at night'", "TaskBadWindow")]
    [InlineData("-VMName DESK-01 -Window @{ Days = 'Someday'; Opens = '10:00'; Closes = '11:00' }", "TaskBadWindow")]
    [InlineData("-VMName DESK-01 -Window 22:00-22:02", "TaskWindowTooShort")]
    [InlineData("-VMName DESK-01 -StartTime ([DateTime]'2099-01-05') -EndTime ([DateTime]'2099-01-06') -Window 'Sat,Sun 10:00-20:00'", "TaskWindowNeverOpens")]
    [InlineData("-VMName DESK-01 -Timeout 500ms", "TaskBadLimit")]
    [InlineData("-VMName DESK-01 -Retry 21", "TaskBadLimit")]
    [InlineData("-VMName DESK-01 -StopOnFailurePercent 101", "TaskBadLimit")]
    [InlineData("-VMName LARGE", "TaskNeverFits")]
    public void Each_mistake_in_a_task_is_refused_with_its_id_and_nothing_is_registered(string parameters, string id)
    {
        Lab lab = shared.Lab;
        RunResult result = lab.Run($"Register-VmUpdateTask T x -Kind Configuration {parameters}");
        Assert.Equal([id], result.ErrorIds);
        Assert.Equal(["Here"], lab.RunWell("Get-VmUpdateTask").All("TaskName"));
    }

    [Theory]
    [InlineData("-Deadline ([DateTime]'2020-01-01')", "overdue")]
    [InlineData("-Deadline ([DateTime]'2099-01-01') -StartTime ([DateTime]'2099-02-01')", "overdue")]
    [InlineData("-Kind OperatingSystemUpgrade -Window 22:00-22:30", "may end long after it closed")]
    [InlineData("-VMName PC-01", "Update the pool's master instead")]
    [InlineData("-VMName nothing*", "fits the pattern")]
    [InlineData("-VMName LARGE", "never woken while the limits are these")]
    public void What_is_allowed_and_unwise_is_warned_of(string parameters, string text)
    {
        Lab lab = shared.Lab;
        string kind = parameters.Contains("-Kind", StringComparison.Ordinal) ? string.Empty : "-Kind Configuration";
        string given = parameters.Replace("-VMName", "-VMName DESK-01,", StringComparison.Ordinal);
        RunResult result = lab.RunWell($"Register-VmUpdateTask T x {kind} {(given.Contains("DESK", StringComparison.Ordinal) ? string.Empty : "-VMName DESK-01")} {given}");
        Assert.Contains(result.Warnings, warning => warning.Contains(text, StringComparison.Ordinal));
        lab.RunWell("Unregister-VmUpdateTask T -Force");
    }

    [Theory]
    [InlineData("Register-VmUpdateTask '' x -Kind Configuration -VMName DESK-01", "TaskBadName")]
    [InlineData("Register-VmUpdateTask T '' -Kind Configuration -VMName DESK-01", "TaskPayloadEmpty")]
    [InlineData("Register-VmUpdateTask T x -Instructor '' -Kind Configuration -VMName DESK-01", "TaskBadInstructor")]
    [InlineData("Register-VmUpdateTask T -Kind Configuration -Instructor I -Context ([byte[]]::new(1048577)) -VMName DESK-01", "TaskPayloadTooLong")]
    [InlineData("Register-VmUpdateTask T -Kind Configuration -ScriptPath ./none.ps1 -VMName DESK-01", "HostFileNotFound")]
    [InlineData("Register-VmUpdateTask T -Kind Configuration -ScriptPath variable:x -VMName DESK-01", "PathNotFileSystem")]
    [InlineData("[pscustomobject]@{ VMName = 'DESK-01'; ComputerName = 'HV-99' } | Register-VmUpdateTask T x -Kind Configuration", "WrongHost")]
    [InlineData("Register-VmUpdateTask Here x -Kind Configuration -VMName DESK-01", "TaskNameTaken")]
    [InlineData("Get-VmUpdateTask Nowhere", "TaskNotFound")]
    [InlineData("Set-VmUpdateTask Nowhere -Urgent", "TaskNotFound")]
    [InlineData("Set-VmUpdateTask Here", "NothingToChange")]
    [InlineData("Set-VmUpdateTask * -Urgent", "WildcardsNotAllowed")]
    [InlineData("Set-VmUpdateTask Here -EndTime ([DateTime]'2020-01-01')", "TaskEndInPast")]
    [InlineData("Set-VmUpdateTask Here -Window sometimes", "TaskBadWindow")]
    [InlineData("Unregister-VmUpdateTask Nowhere -Force", "TaskNotFound")]
    [InlineData("Unregister-VmUpdateTask * -Force", "WildcardsNotAllowed")]
    [InlineData("Unregister-VmUpdateTask -Force", "NothingNamed")]
    [InlineData("Suspend-VmUpdateTask *", "WildcardsNotAllowed")]
    [InlineData("Suspend-VmUpdateTask", "NothingNamed")]
    [InlineData("Suspend-VmUpdateTask -VMName *", "WildcardsNotAllowed")]
    [InlineData("Suspend-VmUpdateTask -VMName DESK-77", "VmNotFound")]
    [InlineData("Resume-VmUpdateTask Nowhere", "TaskNotFound")]
    [InlineData("[pscustomobject]@{ TaskName = 'Here'; ComputerName = 'HV-99' } | Suspend-VmUpdateTask", "WrongHost")]
    [InlineData("[pscustomobject]@{ TaskName = 'Here'; ComputerName = 'HV-99' } | Unregister-VmUpdateTask -Force", "WrongHost")]
    [InlineData("[pscustomobject]@{ TaskName = 'Here'; ComputerName = 'HV-99' } | Get-VmUpdateTask", "WrongHost")]
    [InlineData("[pscustomobject]@{ TaskName = 'Here'; ComputerName = 'HV-99' } | Get-VmUpdateRun", "WrongHost")]
    [InlineData("[pscustomobject]@{ TaskName = 'Here'; ComputerName = 'HV-99' } | Stop-VmUpdateRun", "WrongHost")]
    [InlineData("Get-VmUpdateRun Nowhere", "TaskNotFound")]
    [InlineData("Stop-VmUpdateRun", "NothingNamed")]
    [InlineData("Stop-VmUpdateRun *", "WildcardsNotAllowed")]
    [InlineData("Stop-VmUpdateRun Nowhere", "TaskNotFound")]
    [InlineData("Stop-VmUpdateRun -RunId ([guid]'11111111-1111-1111-1111-111111111111')", "StoreNotFound")]
    [InlineData("Set-VmUpdateHost", "NothingToChange")]
    [InlineData("Set-VmUpdateHost -MaxAwake 0", "TaskBadLimit")]
    [InlineData("Set-VmUpdateHost -CpuCeilingPercent 101", "TaskBadLimit")]
    [InlineData("Set-VmUpdateLabMachine -LabPath $lab.LabPath -State Saved", "NoMachineNamed")]
    [InlineData("Set-VmUpdateLabMachine -LabPath $lab.LabPath DESK-77 -State Saved", "VmNotFound")]
    [InlineData("Set-VmUpdateLabMachine -LabPath $lab.LabPath DESK-01 -Disconnects 1000", "HostNotUsable")]
    [InlineData("Set-VmUpdateLabHost -LabPath ./nowhere-at-all -CpuPercent 5", "HostNotReachable")]
    public void Each_mistake_about_tasks_has_its_id(string script, string id)
    {
        Lab lab = shared.Lab;
        Assert.Equal(id, string.Join(' ', lab.Run(script).ErrorIds));
        Assert.Equal(["Here"], lab.RunWell("Get-VmUpdateTask").All("TaskName"));
    }

    [Theory]
    [InlineData("Register-VmUpdateTask T x -Kind Nonsense -VMName DESK-01")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -VMName DESK-01 -Timeout 90")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -VMName DESK-01 -Timeout soon")]
    [InlineData("Register-VmUpdateTask T x -Kind Configuration -VMName DESK-01 -ScriptPath ./x.ps1")]
    [InlineData("Register-VmUpdateTask T -Kind Configuration -Context 1 -VMName DESK-01 -Instructor $null")]
    [InlineData("Invoke-VmUpdateBroker -Once -UntilEmpty")]
    [InlineData("Suspend-VmUpdateTask Here -All")]
    [InlineData("Set-VmUpdateHost -SettleTime 60")]
    public void What_the_binder_can_tell_about_tasks_is_refused_before_anything_is_done(string script)
    {
        ErrorRecord error = Assert.Single(shared.Lab.Run(script).Errors);
        Assert.IsAssignableFrom<ParameterBindingException>(error.Exception);
    }

    [Fact]
    public void A_payload_that_was_changed_in_the_store_is_not_handed_over()
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        lab.RunWell("Register-VmUpdateTask Here honest-command -Kind Configuration -VMName DESK-01");
        string store = Path.Combine(lab.Path, "store", "vmupdate.db");
        byte[] bytes = File.ReadAllBytes(store);
        "evil"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("honest-command"u8)));
        File.WriteAllBytes(store, bytes);
        Assert.Equal(["TaskPayloadChanged"], lab.Run("Get-VmUpdateTask Here -Detailed").ErrorIds);
        lab.RunWell("$null = Invoke-VmUpdateBroker");
        PSObject run = lab.RunWell("Get-VmUpdateRun").Single;
        Assert.Equal("Failed PayloadChanged", $"{run.Properties["State"].Value} {run.Properties["Reason"].Value}");
    }

    /// <summary>A lab with a task, a machine that is larger than the host, two of one name, and one that is ignored.</summary>
    public sealed class SharedLab : IDisposable
    {
        public SharedLab()
        {
            const string more = """
                foreach ($name in 'LARGE', 'TWIN', 'TWIN') {
                    $made = New-VmUpdateLabMachine -LabPath $lab.LabPath -Name $name -DiskPath $lab.OldMasterPath
                    $null = Set-VmUpdateMachine -Id $made.VMId -Role Personal
                }
                Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name LARGE -Memory 62GB
                $null = Set-VmUpdateMachine PC-02 -Role Ignored
                Register-VmUpdateTask Here x -Kind Configuration -VMName DESK-01
                """;
            Lab.RunWell(more);
        }

        internal Lab Lab { get; } = new(pooled: 2, personal: 1);

        public void Dispose() => Lab.Dispose();
    }
}
