using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.InteropServices;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.Simulation.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class ExampleTests(PreparedLab prepared) : IClassFixture<PreparedLab>
{
    /// <summary>Each example of each cmdlet: the cmdlet's name and the example's number.</summary>
    public static TheoryData<string, int> Examples
    {
        get
        {
            using var engine = new Engine();
            var examples = new TheoryData<string, int>();
            foreach (PSObject command in engine.RunWell("Get-Command -Module VmUpdate").Output)
            {
                string name = $"{command.Properties["Name"].Value}";
                int count = engine.RunWell("@((Get-Help $1 -Full).examples.example).Count", name).Single.BaseObject is int found ? found : 0;
                for (int index = 0; index < count; index++)
                {
                    examples.Add(name, index);
                }
            }

            return examples;
        }
    }

    public static TheoryData<string> Scripts =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("PSModule"), "*.ps*1", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Repository.PathOf("tests", "Pester"), "*.ps1"))
            .Append(Repository.PathOf("build.ps1"))
            .Append(Repository.Manifest)
            .Append(Repository.PathOf("src", "VmUpdate.Shell", "EverydayCommands.ps1"))
            .Select(path => Path.GetRelativePath(Repository.Root, path)),
    ];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Each_example_of_the_help_runs_in_a_lab(string command, int index)
    {
        using Lab lab = prepared.Reopen();
        string code = lab.RunWell("@((Get-Help $1 -Full).examples.example)[$2].code", command, index).Single.ToString();
        if (code.Contains("-LibvirtUri", StringComparison.Ordinal))
        {
            Judges.Require(NativeLibrary.TryLoad("libvirt.so.0", out _), "The library libvirt.so.0 is not installed.");
        }

        // The everyday commands that this engine lacks.
        lab.RunWell("function Export-Csv([string] $Path, [Parameter(ValueFromPipeline)] $InputObject) { process { } }");
        lab.RunWell("function Read-Host([switch] $AsSecureString) { [Net.NetworkCredential]::new('', 'correct horse battery').SecurePassword }");
        lab.RunWell("$certificate = $1; function Get-Item([string] $Path) { $certificate }", Certificates.Make());
        lab.RunWell("function Format-Table([Parameter(Position = 0)] $Property, [Parameter(ValueFromPipeline)] $InputObject) { process { } }");
        lab.RunWell("function Format-List([Parameter(Position = 0)] $Property, [Parameter(ValueFromPipeline)] $InputObject) { process { } }");
        lab.RunWell("$null = $ExecutionContext.SessionState.Path.SetLocation($1)", lab.Beside);
        if (code.StartsWith("Connect-VmUpdateHost -HyperV", StringComparison.Ordinal) || code.StartsWith("Connect-VmUpdateHost -ComputerName", StringComparison.Ordinal))
        {
            // Without Windows they get as far as to say so.
            lab.RunWell("function Get-Credential { [pscredential]::new('CONTOSO\\anna', (Read-Host -AsSecureString)) }");
            Assert.SkipWhen(OperatingSystem.IsWindows(), "On Windows it would look for a Hyper-V host.");
            Assert.StartsWith("HostNotUsable,", Assert.Single(lab.Run(code).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            return;
        }

        lab.RunWell(code);
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Each_script_is_read_without_an_error(string script)
    {
        if (script.EndsWith(".ps1xml", StringComparison.Ordinal))
        {
            System.Xml.Linq.XDocument.Load(Repository.PathOf(script));
            return;
        }

        Parser.ParseFile(Repository.PathOf(script), out _, out ParseError[] errors);
        Assert.Empty(errors.Select(error => $"{script}:{error.Extent.StartLineNumber}: {error.Message}"));
    }

    [Theory]
    [InlineData(0, "master-v2.vhdx", "Ignored", 0, 2)]
    [InlineData(0, "master-v2.vhdx", "Pooled", 1, 3)]
    [InlineData(0, "none.vhdx", "Pooled", 2, 3)]
    [InlineData(1, "master-v2.vhdx", "Pooled", 2, 0)]
    public void The_scheduled_script_says_by_its_exit_code_whether_all_or_some_or_none_were_moved(
        int isElsewhere, string master, string lastMachine, int expected, int lines)
    {
        using var lab = new Lab(pooled: 3);
        lab.RunWell(lastMachine == "Pooled" ? "1" : "Set-VmUpdateMachine PC-03 -Role Ignored");
        string report = Path.Combine(lab.Beside, "report.csv");
        (int code, string output, string error) = ShellProcess.Run(
        [
            Repository.PathOf("PSModule", "examples", "Update-Pool.ps1"), "-LabPath", isElsewhere == 1 ? lab.Beside : lab.Path, "-Pool", "LabPool",
            "-MasterPath", Path.Combine(lab.Path, "masters", master), "-ReportPath", report,
        ]);
        Assert.True(code == expected, $"{code}: {output} {error}");
        Assert.Equal(lines, File.Exists(report) ? File.ReadAllLines(report).Length - 1 : 0);
    }

    [Fact]
    public void The_quick_start_runs_in_the_shell_and_cleans_nothing_away()
    {
        using var folder = new TestFolder();
        string lab = folder.PathOf("lab");
        (int code, string output, string error) = ShellProcess.Run([Repository.PathOf("PSModule", "examples", "QuickStart.ps1"), "-LabPath", lab]);
        Assert.True(code == 0, output + error);
        Assert.Contains("7 moved, 1 refused, 1 brought back", output, StringComparison.Ordinal);
        Assert.Contains("VmHasCheckpoints", output, StringComparison.Ordinal);
        Assert.Matches("carried .*computer-name", output);
        Assert.Contains(lab, output, StringComparison.Ordinal);
        Assert.Contains("of 8 done", error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(lab, "masters", "master-v2.vhdx")));
    }

    [Fact]
    public void The_quick_start_of_personal_machines_runs_in_the_shell()
    {
        using var folder = new TestFolder();
        (int code, string output, string error) = ShellProcess.Run([Repository.PathOf("PSModule", "examples", "QuickStart-Personal.ps1"), "-LabPath", folder.PathOf("lab")]);
        Assert.True(code == 0, output + error);
        Assert.Contains("7 started, 6 succeeded, 1 failed, 0 left awake; 0 machines differ from what they were", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_quick_start_of_a_master_runs_in_the_shell()
    {
        using var folder = new TestFolder();
        (int code, string output, string error) = ShellProcess.Run([Repository.PathOf("PSModule", "examples", "QuickStart-Master.ps1"), "-LabPath", folder.PathOf("lab")]);
        Assert.True(code == 0, output + error);
        Assert.Contains("version 2, 2 machines on it", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Invoke-DueUpdates.ps1", "Succeeds", 0)]
    [InlineData("Invoke-DueUpdates.ps1", "Fails", 1)]
    [InlineData("Invoke-NightlyUpdate.ps1", "Succeeds", 0)]
    public void The_scripts_for_timers_do_what_is_due_and_say_how_it_went_by_their_exit_code(string script, string end, int expected)
    {
        using var lab = new Lab(pooled: 0, personal: 1);
        lab.RunWell("Set-VmUpdateLabMachine -LabPath $lab.LabPath DESK-01 -State Saved -End $1; Register-VmUpdateTask Patch x -Kind Configuration -VMName DESK-01", end);
        string path = Repository.PathOf("PSModule", "examples", script);
        var watch = Stopwatch.StartNew();
        Assert.Equal(2, ShellProcess.Run([path, "-LabPath", lab.Beside]).ExitCode);

        // A night must be long enough for this computer: several times what the script took to begin.
        DateTime morning = DateTime.Now.AddSeconds(3) + (watch.Elapsed * 4);
        string report = Path.Combine(lab.Beside, "report.csv");
        string[] more = script == "Invoke-NightlyUpdate.ps1" ? ["-ReportPath", report, "-Until", morning.ToString("HH:mm:ss", CultureInfo.InvariantCulture)] : [];
        (int code, string output, string error) = ShellProcess.Run([path, "-LabPath", lab.Path, .. more]);
        Assert.True(code == expected, $"{code}: {output} {error}");
        Assert.Equal(["Saved"], lab.RunWell("Get-VmUpdateMachine").All("State"));
        Assert.Equal(more.Length > 0 ? 1 : 0, File.Exists(report) ? File.ReadAllLines(report).Length - 1 : 0);
    }

    [Fact]
    public void The_session_and_the_runbook_run_in_a_lab()
    {
        using var lab = new Lab(pooled: 0, personal: 2);
        lab.RunWell("Set-VmUpdateHost -SettleTime 0; & $1 -LabPath $2", Repository.PathOf("PSModule", "examples", "Session.ps1"), lab.Path);
        RunResult result = lab.RunWell("& $1 -LabPath $2 -Name Fix -Command 'fix.exe'", Repository.PathOf("PSModule", "examples", "Runbook.ps1"), lab.Path);
        Assert.Equal(["Succeeded", "Succeeded"], result.All("State"));
    }

    [Fact]
    public void The_systemd_units_name_a_script_that_there_is()
    {
        string unit = File.ReadAllText(Repository.PathOf("PSModule", "examples", "vmupdate-broker.service"));
        Assert.Contains("/PSModule/examples/Invoke-DueUpdates.ps1 ", unit, StringComparison.Ordinal);
        Assert.True(File.Exists(Repository.PathOf("PSModule", "examples", "Invoke-DueUpdates.ps1")));
    }
}
