using System.Management.Automation;
using System.Management.Automation.Language;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>What every cmdlet of the module has, whichever is added. Help and examples have tests of their own.</summary>
public sealed class CmdletRulesTests
{
    private static readonly string[] Looking = ["Get", "Test", "Connect"];

    [Fact]
    public void Every_cmdlet_that_changes_something_asks_first_and_no_other_does() => Assert.All(
        Commands(), command => Assert.Equal(!Looking.Contains(command.Verb), command.Parameters.ContainsKey("WhatIf")));

    [Fact]
    public void Every_parameter_that_names_a_machine_a_pool_a_task_or_a_set_is_completed()
    {
        // A name that is made up now is nowhere to be looked up.
        string[] made = ["New-VmUpdatePool -Name", "New-VmUpdateLabMachine -Name", "Register-VmUpdateTask -Name"];
        string[] kinds = ["Name", "VMName", "Pool", "TaskName", "ExcludeSet", "CarrySet", "StripSet"];
        Assert.All(
            Commands().SelectMany(command => command.Parameters.Values.Where(parameter => kinds.Contains(parameter.Name)).Select(parameter => (command.Name, parameter))),
            named => Assert.True(
                made.Contains($"{named.Name} -{named.parameter.Name}") || named.parameter.Attributes.OfType<ArgumentCompleterAttribute>().Any(),
                $"{named.Name} -{named.parameter.Name} is not completed."));
    }

    [Fact]
    public void Every_object_that_is_put_out_has_a_view()
    {
        string views = File.ReadAllText(Repository.PathOf("PSModule", "VmUpdate.Format.ps1xml"));
        Assert.All(
            Commands().SelectMany(command => command.OutputType).Select(type => type.Name).Distinct(),
            type => Assert.Contains($"<TypeName>{type}</TypeName>", views, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_cmdlet_has_a_scenario_in_the_suite_for_Pester()
    {
        string[] suites = ["VmUpdate.Tests.ps1", "Images.Tests.ps1"];
        HashSet<string?> called = [.. suites
            .Select(suite => Parser.ParseFile(Repository.PathOf("tests", "Pester", suite), out _, out _))
            .SelectMany(suite => suite.FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true))
            .Select(ast => ((CommandAst)ast).GetCommandName())];
        Assert.Subset(called, Commands().Select(command => command.Name).ToHashSet<string?>());
    }

    private static List<CmdletInfo> Commands()
    {
        using var engine = new Engine();
        return [.. engine.RunWell("Get-Command -Module VmUpdate").Output.Select(command => (CmdletInfo)command.BaseObject)];
    }
}
