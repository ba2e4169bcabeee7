using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class BrokerCmdletTests
{
    private const string Quick = "Set-VmUpdateHost -SettleTime 0 -StartJitter 0";

    private static Lab Make(int personal, string script)
    {
        var lab = new Lab(pooled: 0, personal: personal);
        lab.RunWell($"{Quick}; {script}");
        return lab;
    }

    private static string State(Lab lab, string machine) => $"{lab.RunWell("Get-VmUpdateMachine $1", machine).Single.Properties["State"].Value}";

    private static string Run(Lab lab, string machine, string properties) => string.Join(
        ' ', properties.Split(' ').Select(name => $"{lab.RunWell("Get-VmUpdateRun -VMName $1", machine).Single.Properties[name].Value}"));

    [Fact]
    public void Machines_are_woken_updated_and_put_back_as_they_were_and_what_happened_is_told()
    {
        using Lab lab = Make(4, """
            'Off', 'Running', 'Saved', 'Paused' | ForEach-Object { $n = 0 } { $n++; Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name "DESK-0$n" -State $_ }
            Register-VmUpdateTask Patch 'patch.exe' -Kind Configuration -TargetKind Personal
            """);
        RunResult result = lab.RunWell("Invoke-VmUpdateBroker");
        Assert.Equal("4 started, 4 succeeded, 0 failed, 0 left awake", result.Single.ToString());
        Assert.Equal(["Off", "Running", "Saved", "Paused"], lab.RunWell("Get-VmUpdateMachine").All("State"));
        Assert.Contains(result.Progress, progress => progress.Activity == "DESK-03");
        Assert.Equal("Succeeded Done", Run(lab, "DESK-03", "State Reason"));
        string journal = string.Join('\n', lab.RunWell("(Get-VmUpdateRun -VMName DESK-03 -Detailed).Journal").Output);
        foreach (string word in new[] { "Waking", "Searching", "Downloading", "Applying", "Succeeded", "PutBack" })
        {
            Assert.Contains(word, journal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_plan_says_order_and_time_and_nothing_is_done()
    {
        using Lab lab = Make(2, """
            Register-VmUpdateTask Later x -Kind Configuration -VMName DESK-01 -StartTime ([DateTime]'2099-01-01Z')
            Register-VmUpdateTask Held x -Kind Configuration -VMName DESK-02; Suspend-VmUpdateTask Held
            Register-VmUpdateTask Normal x -Kind Configuration -VMName DESK-02
            Register-VmUpdateTask Now x -Kind Configuration -VMName DESK-01 -Urgent
            """);
        RunResult plan = lab.RunWell("Invoke-VmUpdateBroker -WhatIf");
        Assert.Equal(["1 Now", "2 Normal", "3 Later", "4 Held"], plan.Output.Select(run => $"{run.Properties["Order"].Value} {run.Properties["TaskName"].Value}"));
        Assert.Equal(["True", "True", "True", "False"], plan.Output.Select(run => $"{run.Properties["ExpectedStart"].Value is not null}"));
        Assert.Contains("TaskSuspended", $"{plan.Output[3].Properties["Reason"].Value}", StringComparison.Ordinal);
        Assert.All(lab.RunWell("Get-VmUpdateRun").All("State"), state => Assert.Equal("Pending", state));
    }

    [Fact]
    public void What_waits_for_the_gate_shows_the_number_that_it_waits_for()
    {
        using Lab lab = Make(2, """
            Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-* -State Saved
            Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal
            Set-VmUpdateLabHost -LabPath $lab.LabPath -CpuPercent 85
            """);
        Assert.Equal("0 started, 0 succeeded, 0 failed, 0 left awake", lab.RunWell("Invoke-VmUpdateBroker -Until ([DateTime]::Now.AddSeconds(1))").Single.ToString());
        Assert.Equal("Warn", $"{lab.RunWell("Test-VmUpdateHost | Where-Object Check -eq Load").Single.Properties["Verdict"].Value}");
        lab.RunWell("Set-VmUpdateLabHost -LabPath $lab.LabPath -CpuPercent 5 -OtherMemory 58GB; $null = Invoke-VmUpdateBroker -Until ([DateTime]::Now.AddSeconds(1))");
        PSObject host = lab.RunWell("Get-VmUpdateHost").Single;
        Assert.Equal("6442450944 6871947670", $"{host.Properties["FreeMemory"].Value} {host.Properties["MemoryReserve"].Value}");
        lab.RunWell("Set-VmUpdateHost -MemoryReserve 1GB -MemoryReservePercent 0; $null = Invoke-VmUpdateBroker");
        Assert.Equal(["Succeeded", "Succeeded"], lab.RunWell("Get-VmUpdateRun").All("State"));
        string journal = string.Join('\n', lab.RunWell("Get-VmUpdateRun -Detailed | ForEach-Object { $_.Journal }").Output);
        Assert.Matches("WaitingForMemory: 6.0 GiB free, [0-9.]+ GiB needed \\+ 6.4 GiB reserve", journal);
    }

    [Fact]
    public void A_running_broker_tells_why_a_run_waits()
    {
        using Lab lab = Make(1, "Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Saved; Set-VmUpdateLabHost -LabPath $lab.LabPath -CpuPercent 85");
        using Broker broker = Broker.Start(lab, "-Wait");
        lab.RunWell("Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal -Urgent");
        Assert.True(Soon(() => Run(lab, "DESK-01", "State Reason Detail").StartsWith("Pending WaitingForCpu 85 % of the processors in use, ceiling 70 %", StringComparison.Ordinal)));
        Assert.Equal("True", $"{lab.RunWell("Get-VmUpdateHost").Single.Properties["BrokerRunning"].Value}");

        ErrorRecord refused = Assert.Single(lab.Run("Invoke-VmUpdateBroker").Errors);
        Assert.StartsWith("StoreLeaseHeld,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"process {broker.Id} ", refused.Exception.Message, StringComparison.Ordinal);

        lab.RunWell("Set-VmUpdateLabHost -LabPath $lab.LabPath -CpuPercent 5");
        Assert.True(Soon(() => Run(lab, "DESK-01", "State") == "Succeeded" && State(lab, "DESK-01") == "Saved"));
        broker.Interrupt();
        (int _, string _, string error) = broker.Finish();
        Assert.Contains("The broker was stopped: 1 started, 1 succeeded", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Left awake:", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_wakes_nothing_more_and_a_second_one_ends_now_and_says_what_is_left_awake()
    {
        using Lab lab = Make(3, """
            Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-* -State Saved -Applying 1h
            Set-VmUpdateHost -MaxAwake 1
            Register-VmUpdateTask Patch x -Kind OperatingSystemUpgrade -TargetKind Personal
            """);
        using Broker broker = Broker.Start(lab, "-UntilEmpty");
        Assert.True(Soon(() => lab.RunWell("Get-VmUpdateRun -State Applying").Output.Count == 1));
        broker.Interrupt();
        Assert.False(broker.HasEndedWithin(TimeSpan.FromSeconds(2)));
        broker.Interrupt();
        (int _, string _, string error) = broker.Finish();
        Assert.Contains("3 runs are open", error, StringComparison.Ordinal);
        Assert.Contains("(was Saved): its run is not over. The next broker goes on with it.", error, StringComparison.Ordinal);
        Assert.Equal(["Pending", "Pending"], lab.RunWell("Get-VmUpdateRun -State Pending").All("State"));

        // What is left is known to the next one.
        string woken = $"{lab.RunWell("Get-VmUpdateRun -State Applying").Single.Properties["VMName"].Value}";
        Assert.Equal("Running", State(lab, woken));
        Assert.Contains(woken, $"{Assert.Single(lab.RunWell("(Get-VmUpdateHost).Awake").Output)}", StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_at_a_prompt_puts_back_what_was_woken()
    {
        using Lab lab = Make(2, """
            Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-* -State Saved -Applying 1500ms
            Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal
            """);
        RunResult result = lab.Engine.RunUntil("Invoke-VmUpdateBroker", shell => shell.Streams.Progress.Any(progress => progress.StatusDescription.StartsWith("Applying", StringComparison.Ordinal)));
        Assert.True(result.WasStopped);
        Assert.Equal(["Saved", "Saved"], lab.RunWell("Get-VmUpdateMachine").All("State"));
        Assert.Contains("The broker was stopped", lab.Engine.Host.Screen.TakeText(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_policy_for_requests_of_guests_is_shown_set_and_refused_when_it_cannot_be_used()
    {
        using Lab lab = Make(1, string.Empty);
        Assert.StartsWith("default: personal machines named *", $"{lab.RunWell("(Get-VmUpdateHost).GuestPolicy").Single}", StringComparison.Ordinal);
        string policy = Path.Combine(lab.Beside, "policy.json");
        File.WriteAllText(policy, """{ "allowUrgent": true, "maxRequestsPerHour": 7 }""");
        Assert.Contains("urgent too; 7 an hour", $"{lab.RunWell("Set-VmUpdateHost -GuestPolicyPath $1 -PassThru | ForEach-Object GuestPolicy", policy).Single}", StringComparison.Ordinal);

        // What cannot be used does not take the place of what can.
        File.WriteAllText(policy, """{ "allowUrgnt": true }""");
        Assert.Equal(["TaskBadGuestPolicy"], lab.Run("Set-VmUpdateHost -GuestPolicyPath $1", policy).ErrorIds);
        Assert.Contains("urgent too", $"{lab.RunWell("(Get-VmUpdateHost).GuestPolicy").Single}", StringComparison.Ordinal);
        string path = $"{lab.RunWell("(Get-VmUpdateHost).GuestPolicyPath").Single}";
        File.WriteAllText(path, "nonsense");
        Assert.Equal("Warn", $"{lab.RunWell("Test-VmUpdateHost | Where-Object Check -eq GuestPolicy").Single.Properties["Verdict"].Value}");
        Assert.Contains(lab.RunWell("Invoke-VmUpdateBroker -Once").Warnings, warning => warning.StartsWith(path, StringComparison.Ordinal));
    }

    [Fact]
    public void A_machine_that_does_not_shut_down_is_left_awake_and_named()
    {
        using Lab lab = Make(1, """
            Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Off -ShutdownHangs $true
            Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal -CleanStopTimeout 1s
            """);
        RunResult result = lab.RunWell("Invoke-VmUpdateBroker");
        Assert.Contains(result.Warnings, warning => warning.StartsWith("Left awake: DESK-01 (was Off): CleanStopNotEnded", StringComparison.Ordinal));
        Assert.Contains("DESK-01", $"{result.Single.Properties["LeftAwake"].Value}", StringComparison.Ordinal);
        Assert.Equal("LeftAwake Succeeded", Run(lab, "DESK-01", "State Outcome"));
        Assert.Equal("Running", State(lab, "DESK-01"));
        Assert.Equal("Warn", $"{lab.RunWell("Test-VmUpdateHost | Where-Object Check -eq LeftAwake").Single.Properties["Verdict"].Value}");
    }

    [Theory]
    [InlineData("-End Fails -Message 'no room on the disk'", "", "Failed GuestFailed", "no room on the disk")]
    [InlineData("-End Fails -EndTimes 1", "-Retry 1 -RetryDelay 1s", "Succeeded Done", "")]
    [InlineData("-End TalksNonsense -EndsIn Searching", "", "Failed GuestNonsense", "42")]
    [InlineData("-HasNoAgent $true", "", "Failed NoUpdateAgent", "")]
    [InlineData("-Restarts 3", "-MaxRestarts 3", "Succeeded Done", "")]
    [InlineData("-Disconnects 3 -Away 300ms", "", "Succeeded Done", "")]
    [InlineData("-NeedsRestart $true -User anna", "", "Succeeded RestartPending", "")]
    public void A_guest_s_script_decides_how_a_run_ends_and_the_run_says_so(string guest, string task, string expected, string detail)
    {
        using Lab lab = Make(1, $$"""
            Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Saved {{guest}}
            Register-VmUpdateTask Patch x -Kind OperatingSystemUpgrade -TargetKind Personal {{task}}
            """);
        lab.RunWell("$null = Invoke-VmUpdateBroker -UntilEmpty");
        Assert.Equal(expected, Run(lab, "DESK-01", "State Reason"));
        Assert.Contains(detail, Run(lab, "DESK-01", "Detail"), StringComparison.Ordinal);
        Assert.Equal("Saved", State(lab, "DESK-01"));
    }

    [Fact]
    public void Too_many_failures_hold_the_rest_until_the_task_is_resumed()
    {
        using Lab lab = Make(3, """
            Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-* -State Saved -End Fails
            Set-VmUpdateHost -MaxAwake 1
            Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal -StopOnFailureCount 1
            """);
        Assert.Equal("1 started, 0 succeeded, 1 failed, 0 left awake", lab.RunWell("Invoke-VmUpdateBroker").Single.ToString());
        Assert.Equal(["HeldByFailures"], lab.RunWell("Get-VmUpdateTask").All("State"));
        Assert.Equal(2, lab.RunWell("Get-VmUpdateRun -State Held | Where-Object Reason -eq FailureLimitReached").Output.Count);
        lab.RunWell("Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-* -End Succeeds; Resume-VmUpdateTask Patch; $null = Invoke-VmUpdateBroker");
        Assert.Equal(["Active"], lab.RunWell("Get-VmUpdateTask").All("State"));
    }

    [Fact]
    public void A_host_in_maintenance_begins_nothing_and_says_so()
    {
        using Lab lab = Make(1, "Register-VmUpdateTask Patch x -Kind Configuration -TargetKind Personal; Set-VmUpdateHost -Maintenance $true");
        Assert.Equal("0 started, 0 succeeded, 0 failed, 0 left awake", lab.RunWell("Invoke-VmUpdateBroker").Single.ToString());
        Assert.Equal("HostInMaintenance", Run(lab, "DESK-01", "Reason"));
        Assert.Equal("True", $"{lab.RunWell("Set-VmUpdateHost -MaxAwake 3 -PassThru").Single.Properties["InMaintenance"].Value}");
        lab.RunWell("Set-VmUpdateHost -Maintenance $false; $null = Invoke-VmUpdateBroker -Once");
        Assert.Equal("Succeeded", Run(lab, "DESK-01", "State"));
    }

    private static bool Soon(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(40))
            {
                return false;
            }

            Thread.Sleep(50);
        }

        return true;
    }

    /// <summary>A broker in a process of its own, whose console's Ctrl+C can be pressed.</summary>
    private sealed class Broker : IDisposable
    {
        private readonly Process _process;

        private Broker(Process process) => _process = process;

        internal int Id => _process.Id;

        internal static Broker Start(Lab lab, string switches)
        {
            if (OperatingSystem.IsWindows())
            {
                Assert.Skip("Ctrl+C is sent as a Unix signal");
            }

            Process process = ShellProcess.Start(["-Command", $"$null = Connect-VmUpdateHost '{lab.Path}'; Invoke-VmUpdateBroker {switches}"]);
            process.StandardInput.Close();
            Assert.True(Soon(() => process.HasExited || lab.RunWell("Get-VmUpdateHost").Single.Properties["BrokerRunning"].Value is true));
            return new Broker(process);
        }

        internal void Interrupt()
        {
            using Process kill = Process.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -INT {_process.Id}")]);
            kill.WaitForExit();
        }

        internal bool HasEndedWithin(TimeSpan time) => _process.WaitForExit(time);

        internal (int ExitCode, string Output, string Error) Finish() => ShellProcess.Finish(_process);

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }

            _process.Dispose();
        }
    }
}
