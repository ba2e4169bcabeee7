using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>What only looks leaves everything as it is, so it is done in one lab.</summary>
public sealed class TaskLookTests(TaskLookTests.SharedLab shared) : IClassFixture<TaskLookTests.SharedLab>
{
    [Theory]
    [InlineData("Register-VmUpdateTask Patch patch.exe -Kind Configuration -VMName DESK-01 -PassThru -WhatIf")]
    [InlineData("Get-VmUpdateMachine DESK* | Register-VmUpdateTask -Name { $_.VMName } -Kind Configuration -Command x -WhatIf")]
    [InlineData("Register-VmUpdateTask Here y -Kind ApplicationUpgrade -VMName DESK-01 -Force -WhatIf")]
    [InlineData("Set-VmUpdateTask Here -Urgent -WhatIf")]
    [InlineData("Unregister-VmUpdateTask Here -WhatIf")]
    [InlineData("Unregister-VmUpdateTask Here -Force -WhatIf")]
    [InlineData("Unregister-VmUpdateTask -All -Force -WhatIf")]
    [InlineData("Suspend-VmUpdateTask Here -WhatIf; Suspend-VmUpdateTask -VMName DESK-01 -WhatIf; Suspend-VmUpdateTask -All -WhatIf")]
    [InlineData("Resume-VmUpdateTask Here -WhatIf; Resume-VmUpdateTask -VMName DESK-01 -WhatIf; Resume-VmUpdateTask -All -WhatIf")]
    [InlineData("Stop-VmUpdateRun -All -WhatIf")]
    [InlineData("Set-VmUpdateHost -MaxAwake 9 -Maintenance $true -WhatIf")]
    [InlineData("Invoke-VmUpdateBroker -WhatIf; Invoke-VmUpdateBroker -Wait -WhatIf")]
    [InlineData("Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Paused -End Fails -WhatIf; Set-VmUpdateLabHost -LabPath $lab.LabPath -CpuPercent 99 -WhatIf")]
    [InlineData("Get-VmUpdateTask; Get-VmUpdateRun -Detailed; Get-VmUpdateHost; Test-VmUpdateHost")]
    public void What_only_looks_changes_no_task_and_no_machine(string script)
    {
        Lab lab = shared.Lab;
        SortedDictionary<string, string> before = lab.Hashes(withStore: false);
        string all = Everything();
        lab.RunWell(script);
        Assert.Equal(before, lab.Hashes(withStore: false));
        Assert.Equal(all, Everything());

        string Everything() => string.Join(
            "\n",
            lab.RunWell("Get-VmUpdateTask -Detailed; Get-VmUpdateRun -Detailed; Get-VmUpdateHost").Output
                .SelectMany(item => item.Properties.Where(p => p.Name is not ("FreeMemory" or "CpuPercent")).Select(p => $"{p.Name}={p.Value}")));
    }

    [Theory]
    [InlineData("Get-VmUpdateTask -Name ", "Here")]
    [InlineData("Suspend-VmUpdateTask He", "Here")]
    [InlineData("Get-VmUpdateRun -TaskName ", "Here")]
    [InlineData("Stop-VmUpdateRun -VMName ", "DESK-01 DESK-02")]
    [InlineData("Register-VmUpdateTask -TimeZone berl", "Europe/Berlin")]
    [InlineData("Register-VmUpdateTask -Kind ", "ApplicationInstall ApplicationUpgrade Configuration OperatingSystemUpgrade")]
    [InlineData("Register-VmUpdateTask -VMName ", "DESK-01")]
    [InlineData("Register-VmUpdateTask -Pool ", "LabPool")]
    public void Names_of_tasks_and_time_zones_are_completed(string line, string expected)
    {
        RunResult result = shared.Lab.RunWell("(TabExpansion2 -inputScript $1 -cursorColumn $1.Length).CompletionMatches | ForEach-Object CompletionText", line);
        Assert.Subset(result.Output.Select(text => text.ToString()).ToHashSet(), expected.Split(' ').ToHashSet());
    }

    /// <summary>A lab with a task.</summary>
    public sealed class SharedLab : IDisposable
    {
        public SharedLab() => Lab.RunWell("Register-VmUpdateTask Here x -Kind Configuration -VMName DESK-01, DESK-02");

        internal Lab Lab { get; } = new(pooled: 1, personal: 2);

        public void Dispose() => Lab.Dispose();
    }
}
