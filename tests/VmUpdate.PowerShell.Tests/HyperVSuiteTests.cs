using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.Json;
using System.Text.RegularExpressions;
using VmUpdate.PowerShell.Tests.Support;

namespace VmUpdate.PowerShell.Tests;

/// <summary>The Pester suite for a real Hyper-V host cannot run here: what it asks CIM for is held against the schema instead.</summary>
public sealed class HyperVSuiteTests
{
    [Fact]
    public void Every_class_and_property_that_the_suite_for_hyper_v_asks_for_is_in_the_schema()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "VmUpdate.HyperV.Tests", "Schema", "hyper-v.json")));
        JsonElement classes = schema.RootElement.GetProperty("classes");
        ScriptBlockAst suite = Parser.ParseFile(Repository.PathOf("tests", "Pester", "HyperV.Tests.ps1"), out _, out ParseError[] errors);
        Assert.Empty(errors);

        var asked = suite.FindAll(ast => ast is CommandAst command && command.GetCommandName() == "Get-Msvm", searchNestedScriptBlocks: true)
            .Select(ast => StaticParameterBinder.BindCommand((CommandAst)ast, resolve: false).BoundParameters)
            .ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, parameters =>
        {
            string name = $"{parameters["Class"].ConstantValue}";
            Assert.True(classes.TryGetProperty(name, out JsonElement found), $"{name} is no class of the schema.");
            string[] properties = [.. Names(parameters["Property"].Value), .. Filtered(parameters)];
            Assert.NotEmpty(properties);
            Assert.All(properties, property => Assert.True(found.GetProperty("properties").TryGetProperty(property, out _), $"{name} has no property {property}."));
        });

        // Nothing goes past Get-Msvm, which is what is checked.
        string text = suite.Extent.Text;
        Assert.Equal(asked.Count, text.Split("Msvm_").Length - 1);
        Assert.Single(suite.FindAll(ast => ast is CommandAst command && command.GetCommandName().StartsWith("Get-Cim", StringComparison.Ordinal), searchNestedScriptBlocks: true));
    }

    [Theory]
    [InlineData("HyperV.Tests.ps1")]
    [InlineData("VmUpdate.Tests.ps1")]
    [InlineData("Images.Tests.ps1")]
    public void Every_parameter_of_ours_that_a_suite_gives_is_there(string file)
    {
        using var engine = new Engine();
        var ours = engine.RunWell("Get-Command -Module VmUpdate").Output.Select(command => (CmdletInfo)command.BaseObject).ToDictionary(command => command.Name);
        ScriptBlockAst suite = Parser.ParseFile(Repository.PathOf("tests", "Pester", file), out _, out _);
        var given = suite.FindAll(ast => ast is CommandAst command && ours.ContainsKey($"{command.GetCommandName()}"), searchNestedScriptBlocks: true).Cast<CommandAst>()
            .SelectMany(command => command.CommandElements.OfType<CommandParameterAst>().Select(parameter => (Command: command.GetCommandName(), parameter.ParameterName)))
            .ToList();
        Assert.NotEmpty(given);
        Assert.All(given, one => Assert.True(ours[one.Command].Parameters.ContainsKey(one.ParameterName), $"{one.Command} has no -{one.ParameterName}."));
    }

    [Fact]
    public void Every_error_and_service_that_the_suite_for_hyper_v_names_is_there()
    {
        string suite = File.ReadAllText(Repository.PathOf("tests", "Pester", "HyperV.Tests.ps1"));
        string errors = File.ReadAllText(Repository.PathOf("PSModule", "en-US", "about_VmUpdate_Errors.help.txt"));
        string values = File.ReadAllText(Repository.PathOf("src", "VmUpdate.HyperV", "HyperVValues.cs"));
        Assert.All(
            Regex.Matches(suite, @"'\^(\w+),'|-ErrorId '(\w+),|-Contain '(\w+)'").Select(match => match.Groups.Values.Skip(1).Single(group => group.Success).Value),
            id => Assert.Matches($@"(?m)^ +{id}\r?$", errors));
        Assert.All(
            Regex.Matches(suite, @"Get-Service (\w+)").Select(match => match.Groups[1].Value).Where(name => name != "vmms"), // Hyper-V's own
            name => Assert.Contains($"\"{name}\"", values, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Names(Ast properties) =>
        properties.FindAll(ast => ast is StringConstantExpressionAst, searchNestedScriptBlocks: true).Select(ast => ((StringConstantExpressionAst)ast).Value);

    private static IEnumerable<string> Filtered(Dictionary<string, ParameterBindingResult> parameters) =>
        parameters.TryGetValue("Filter", out ParameterBindingResult? filter)
            ? filter.Value.Extent.Text.Trim('"').Split(" AND ").Select(condition => condition.Split('=')[0].Trim())
            : [];
}
