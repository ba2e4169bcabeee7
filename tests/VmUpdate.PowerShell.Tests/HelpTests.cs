using System.Management.Automation;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

public sealed class HelpTests
{
    public static TheoryData<string> Commands
    {
        get
        {
            using var engine = new Engine();
            return [.. engine.RunWell("Get-Command -Module VmUpdate | ForEach-Object Name").Output.Select(name => name.ToString())];
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_cmdlet_and_every_parameter_is_explained(string command)
    {
        using var engine = new Engine();
        PSObject help = engine.RunWell("Get-Help $1 -Full", command).Single;
        string text = engine.RunWell("(Get-Help $1 -Full).description | ForEach-Object Text", command).Output[0].ToString();
        Assert.NotEmpty($"{help.Properties["Synopsis"].Value}".Trim());
        Assert.DoesNotContain("[<CommonParameters>]", $"{help.Properties["Synopsis"].Value}", StringComparison.Ordinal);
        Assert.NotEmpty(text.Trim());

        RunResult undocumented = engine.RunWell(
            """
            $documented = @((Get-Help $1 -Full).parameters.parameter | Where-Object { "$($_.description.Text)".Trim() } | ForEach-Object Name)
            $common = [Management.Automation.PSCmdlet]::CommonParameters
            (Get-Command $1).Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin $documented }
            """,
            command);
        Assert.Empty(undocumented.Output);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_cmdlet_has_an_example_that_names_it(string command)
    {
        using var engine = new Engine();
        IReadOnlyList<PSObject> examples = engine.RunWell("(Get-Help $1 -Full).examples.example | ForEach-Object code", command).Output;
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Contains(command, example.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void The_help_is_shown_as_text()
    {
        using var engine = new Engine();
        engine.RunWell("Get-Help Update-PooledVmImage -Full | Out-Host");
        string text = engine.Host.Screen.TakeText();
        Assert.Contains("Moves pooled virtual machines", text, StringComparison.Ordinal);
        Assert.Contains("-ThrottleLimit <Int32>", text, StringComparison.Ordinal);
        Assert.Contains("VmHasCheckpoints", text, StringComparison.Ordinal);
        Assert.Contains("Default value                1", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("about_VmUpdate", "never turns a machine off by force")]
    [InlineData("about_VmUpdate_Errors", "DiskBitLocker")]
    public void The_about_topics_are_found(string topic, string text)
    {
        using var engine = new Engine();
        engine.RunWell("Get-Help $1 | Out-Host", topic);
        Assert.Contains(text, engine.Host.Screen.TakeText(), StringComparison.Ordinal);
    }
}
