using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using VmUpdate.PowerShell.Tests.Support;
using VmUpdate.Simulation.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>The Pester files, run by PowerShell itself: the module as its users load it.</summary>
public sealed partial class PesterTests
{
    // pwsh is a tool of the repository's (.config/dotnet-tools.json), found from the folder that the tests run in.
    private static readonly string[] Pwsh = ["tool", "run", "pwsh", "--", "-NoProfile", "-NonInteractive", "-Command"];

    /// <param name="suite">The file.</param>
    /// <param name="runs">Whether its scenarios run here; those that do not are skipped.</param>
    [Theory]
    [InlineData("VmUpdate", true)]
    [InlineData("Images", true)]
    [InlineData("HyperV", false)]
    public void Every_scenario_of_a_suite_passes(string suite, bool runs)
    {
        Judges.Require(Judges.Run("dotnet", [.. Pwsh, "exit 0"]).ExitCode == 0, "PowerShell is not installed as a tool of this repository: dotnet tool restore.");
        string pester = typeof(PesterTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "PesterManifest").Value!;
        string script = $$"""
            $ErrorActionPreference = 'Stop'
            Import-Module '{{pester}}'
            $configuration = New-PesterConfiguration
            $configuration.Run.Path = '{{Repository.PathOf("tests", "Pester", suite + ".Tests.ps1")}}'
            $configuration.Run.PassThru = $true
            $configuration.Output.RenderMode = 'Plaintext'
            $result = Invoke-Pester -Configuration $configuration
            "$($result.Result): $($result.PassedCount) passed, $($result.FailedCount) failed, $($result.SkippedCount) skipped, of $($result.TotalCount)"
            """;
        (int code, string output) = Judges.Run("dotnet", [.. Pwsh, script]);
        Match ending = Ending().Match(output);
        Assert.True(code == 0 && ending.Success, output);
        int[] counts = [.. ending.Groups.Values.Skip(1).Select(count => int.Parse(count.ValueSpan, CultureInfo.InvariantCulture))];
        Assert.True(counts[3] > 0 && counts[runs ? 0 : 2] == counts[3], output);
    }

    [GeneratedRegex("^Passed: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped, of ([0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Ending();
}
