using System.Management.Automation.Language;
using System.Text.Json;
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

    private static IEnumerable<string> Names(Ast properties) =>
        properties.FindAll(ast => ast is StringConstantExpressionAst, searchNestedScriptBlocks: true).Select(ast => ((StringConstantExpressionAst)ast).Value);

    private static IEnumerable<string> Filtered(Dictionary<string, ParameterBindingResult> parameters) =>
        parameters.TryGetValue("Filter", out ParameterBindingResult? filter)
            ? filter.Value.Extent.Text.Trim('"').Split(" AND ").Select(condition => condition.Split('=')[0].Trim())
            : [];
}
