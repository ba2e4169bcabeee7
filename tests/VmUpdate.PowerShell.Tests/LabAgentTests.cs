using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.Versioning;
using System.Text;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.Simulation.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>The program vmupdate-agent plays the guest of a lab's machine.</summary>
[SupportedOSPlatform("linux")]
public sealed class LabAgentTests
{
    private const string Connects = "DESK-01: its guest's agent connects to ";

    [Fact]
    public void A_real_agent_performs_its_machine_s_task_and_what_its_guest_asks_for()
    {
        Judges.Require(OperatingSystem.IsLinux(), "The agent for Windows is another build, which these tests do not run.");
        using var lab = new Lab(pooled: 0, personal: 1);
        lab.RunWell("Set-VmUpdateHost -SettleTime 0 -StartJitter 0");
        RunResult made = lab.RunWell("Set-VmUpdateLabMachine -LabPath $lab.LabPath -Name DESK-01 -State Saved -GuestAgent $true -Verbose");
        string channel = Assert.Single(made.Verbose, text => text.StartsWith(Connects, StringComparison.Ordinal))[Connects.Length..];
        string answers = Path.Combine(lab.Beside, "answers");
        string asked = Path.Combine(lab.Beside, "asked");
        AddUpdateAgent(lab, $"#!/bin/sh\ncat > {asked}\necho as it wished\n");

        // The task's script asks for an update of its own machine, by another instructor, and for what the host's policy does not allow.
        string script = $$"""
            #!/bin/sh
            ask() { {{Program}} request --api {{Api(lab)}} --kind Configuration "$@" 2>&1 | cut -d: -f1 >> {{answers}}; }
            ask --instructor Contoso --name Wish --context 'a wish'
            ask --instructor Script --command 'touch {{asked}}'
            echo patched
            """;
        lab.RunWell("Register-VmUpdateTask Patch -Kind Configuration -ScriptContent $1 -ScriptName patch.sh -VMName DESK-01", Encoding.UTF8.GetBytes(script));
        using (Process agent = StartAgent(lab, channel))
        {
            try
            {
                lab.RunWell("Invoke-VmUpdateBroker -UntilEmpty");
            }
            finally
            {
                agent.Kill(entireProcessTree: true);
                agent.WaitForExit();
            }
        }

        Assert.Equal(
            ["Patch Succeeded patched", "Wish Succeeded as it wished"],
            lab.RunWell("Get-VmUpdateRun -Detailed").Output.Select(Told).Order());
        Assert.Equal(["Taken", "Refused (NotAllowed)"], File.ReadAllLines(answers).Select(line => line.TrimEnd('.')));
        Assert.Equal("a wish", File.ReadAllText(asked));
        Assert.Equal("guest of DESK-01", $"{lab.RunWell("Get-VmUpdateTask Wish*").Single.Properties["RegisteredBy"].Value}");
        Assert.Equal("Saved", $"{lab.RunWell("Get-VmUpdateMachine DESK-01").Single.Properties["State"].Value}");
    }

    private static string Program => ShellProcess.ProgramOf("src", "VmUpdate.GuestAgent", "vmupdate-agent");

    private static string Api(Lab lab) => Path.Combine(lab.Beside, "api", "trigger.sock");

    private static string Agents(Lab lab) => Path.Combine(lab.Beside, "agents");

    /// <summary>A task that a guest asked for has more in its name than the guest gave it.</summary>
    private static string Told(PSObject run) => $"{$"{run.Properties["TaskName"].Value}".Split(' ')[0]} {run.Properties["State"].Value} {run.Properties["Detail"].Value}";

    private static Process StartAgent(Lab lab, string channel) => Process.Start(
        Program, ["run", "--channel", channel, "--state", Path.Combine(lab.Beside, "state"), "--api", Api(lab), "--agents", Agents(lab)]);

    /// <summary>Registers an update agent for the instructor Contoso, which gets its payload by standard input.</summary>
    private static void AddUpdateAgent(Lab lab, string script)
    {
        string program = Path.Combine(lab.Beside, "contoso");
        File.WriteAllText(program, script);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(Agents(lab));
        File.WriteAllText(Path.Combine(Agents(lab), "Contoso.json"), $$"""{ "name": "Contoso", "executable": "{{program}}", "payload": "stdin" }""");
    }
}
