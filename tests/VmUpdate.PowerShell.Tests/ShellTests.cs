using System.Diagnostics;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class ShellTests
{
    [Fact]
    public void A_script_gets_its_arguments_and_its_exit_code_is_passed_on()
    {
        using var folder = new TestFolder();
        string script = folder.PathOf("script.ps1");
        File.WriteAllText(script, """
            param([string] $Name, [switch] $Fast, [int] $Code, [string] $Rest)
            "$Name $Fast $Rest $PSScriptRoot"
            exit $Code
            """);
        (int code, string output, _) = ShellProcess.Run([script, "-Name", "PC 1", "-Fast", "-Code:2", "-Rest", "-5"]);
        Assert.Equal(2, code);
        Assert.Equal($"PC 1 True -5 {folder.Path}", output.Trim());
    }

    [Theory]
    [InlineData("'well'", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'not caught'", 1)]
    [InlineData("if (", 2)]
    [InlineData("Get-NoSuchCommand; 'goes on'", 1)]
    [InlineData("Get-NoSuchCommand; exit 0", 0)]
    [InlineData("try { Get-NoSuchCommand } catch { 'caught' }", 0)]
    [InlineData("Write-Error 'not wanted' -ErrorAction SilentlyContinue", 0)]
    [InlineData("$ErrorActionPreference = 'Stop'; Write-Error 'ends'", 1)]
    public void The_exit_code_says_how_a_command_ended(string command, int expected)
    {
        (int code, string output, string error) = ShellProcess.Run(["-NonInteractive", "-Command", command]);
        Assert.True(code == expected, $"{code}: {output} {error}");
    }

    [Theory]
    [InlineData("Get-VmIdentity -Path /no/such/disk.vhdx\n'goes on'\n", 1)]
    [InlineData("Get-VmIdentity -Path /no/such/disk.vhdx\nexit 0\n", 0)]
    [InlineData("if ($false) { exit 5 }\n'well'\n", 0)]
    [InlineData("if (\n", 2)]
    public void The_exit_code_of_a_script_is_its_own_or_says_whether_all_some_or_nothing_was_done(string text, int expected)
    {
        using var folder = new TestFolder();
        string script = folder.PathOf("script.ps1");
        File.WriteAllText(script, text);
        (int code, string output, string error) = ShellProcess.Run(["-NonInteractive", script]);
        Assert.True(code == expected, $"{code}: {output} {error}");
    }

    [Fact]
    public void A_script_that_does_not_exist_ends_with_2()
    {
        (int code, _, string error) = ShellProcess.Run(["-NonInteractive", "no-such-script.ps1"]);
        Assert.Equal(2, code);
        Assert.Contains("no-such-script.ps1", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_that_throws_ends_with_1_and_says_where()
    {
        using var folder = new TestFolder();
        string script = folder.PathOf("script.ps1");
        File.WriteAllText(script, "'before'\nthrow 'it went wrong'\n");
        (int code, string output, string error) = ShellProcess.Run([script]);
        Assert.Equal(1, code);
        Assert.Contains("before", output, StringComparison.Ordinal);
        Assert.Contains("it went wrong", error, StringComparison.Ordinal);
        Assert.Contains("script.ps1:2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_redirected_output_holds_no_colours_and_no_progress()
    {
        (_, string output, string error) = ShellProcess.Run(["-Command", """
            Write-Host 'coloured' -ForegroundColor Green
            Write-Progress -Activity Moving -Status PC01 -PercentComplete 50
            Write-Warning 'careful'
            [pscustomobject]@{ Name = 'PC01' }
            """]);
        Assert.DoesNotContain('\e', output + error);
        Assert.DoesNotContain("PC01:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Moving", output, StringComparison.Ordinal);
        Assert.Contains("Moving: PC01", error, StringComparison.Ordinal);
        Assert.Contains("WARNING: careful", error, StringComparison.Ordinal);
        Assert.Contains("coloured", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_are_read_from_the_standard_input_until_exit()
    {
        (int code, string output, _) = ShellProcess.Run([], "6 * 7\nexit 3\n'not read'\n");
        Assert.Equal(3, code);
        Assert.Contains("42", output, StringComparison.Ordinal);
        Assert.DoesNotContain("not read", output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_option_shows_the_usage()
    {
        (int code, _, string error) = ShellProcess.Run(["-Nonsense"]);
        Assert.Equal(64, code);
        Assert.Contains("VmUpdate.Shell script", error.Replace("[-NonInteractive] ", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_stops_the_script_in_its_own_time()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sending Ctrl+C to one process needs a Unix signal");
        using var folder = new TestFolder();
        string script = folder.PathOf("script.ps1");
        File.WriteAllText(script, "'begun'\ntry { Start-Sleep 60 } finally { [Console]::Out.WriteLine('put back') }\n");
        using Process process = ShellProcess.Start([script]);
        Assert.Equal("begun", process.StandardOutput.ReadLine());
        using (Process kill = Process.Start("sh", ["-c", $"kill -INT {process.Id}"]))
        {
            kill.WaitForExit();
        }

        (int code, string output, _) = ShellProcess.Finish(process);
        Assert.Equal(130, code);
        Assert.Contains("put back", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1, 3, 2 | Sort-Object -Descending", "3 2 1")]
    [InlineData("'b', 'A', 'c' | Sort-Object | Select-Object -First 2", "A b")]
    [InlineData("(1..4 | Measure-Object).Count", "4")]
    [InlineData("('x', 'y', 'x' | Group-Object)[0].Count", "2")]
    [InlineData("([pscustomobject]@{ A = 1; B = 2 } | Select-Object B).B", "2")]
    [InlineData("[pscustomobject]@{ A = 'say \"x\"' } | ConvertTo-Csv", "\"A\" \"say \"\"x\"\"\"")]
    [InlineData("([pscustomobject]@{ A = 5 } | Out-String).Trim() -replace '\\s+', ' '", "A - 5")]
    [InlineData("([pscustomobject]@{ A = 5; B = 6 } | Format-Table A, @{ n = 'Sum'; e = { $_.A + $_.B } } | Out-String).Trim() -replace '\\s+', ' '", "A Sum - --- 5 11")]
    [InlineData("Test-Path / ; Join-Path a b", "True a/b")]
    public void The_everyday_commands_do_what_their_namesakes_do(string command, string expected)
    {
        (int code, string output, string error) = ShellProcess.Run(["-Command", command]);
        Assert.True(code == 0, error);
        Assert.Equal(expected, string.Join(' ', output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Replace('\\', '/'));
    }
}
