using System.Reflection;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Tests.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests;

/// <summary>A wrong letter in any name of a class, property, method, parameter or association would be found by these tests.</summary>
public sealed class MutationTests
{
    private const BindingFlags Constants = BindingFlags.NonPublic | BindingFlags.Static;

    [Fact]
    public Task The_whole_tour_goes_through_without_a_mutation() => WholeTour.RunAsync(client => client);

    [Fact]
    public async Task The_whole_tour_fails_when_any_name_is_wrong()
    {
        List<(string Owner, string Name)> names = [.. Names()];
        Assert.InRange(names.Count, 80, 400);
        var survivors = new List<string>();
        foreach ((string owner, string name) in names)
        {
            if (!await IsFoundAsync(owner, name))
            {
                survivors.Add($"{owner}.{name}");
            }
        }

        Assert.True(survivors.Count == 0, "No check fails when one of these is wrong: " + string.Join(", ", survivors));
    }

    [Theory]
    [InlineData(HyperVNames.VirtualizationNamespace, HyperVNames.ComputerSystem.Class)]
    [InlineData(HyperVNames.VirtualizationNamespace, HyperVNames.SystemSettings.Class)]
    [InlineData(HyperVNames.SystemNamespace, HyperVNames.OperatingSystem.Class)]
    public async Task A_wrong_namespace_is_found(string name, string owner) => Assert.True(await IsFoundAsync(owner, name));

    /// <summary>The constants of each class of names, with the class of CIM that they are of.</summary>
    private static IEnumerable<(string Owner, string Name)> Names() =>
        from type in typeof(HyperVNames).GetNestedTypes(BindingFlags.NonPublic)
        let owner = (string)(type.GetField("Class", Constants) ?? type.GetField("Kind", Constants))!.GetRawConstantValue()!
        from field in type.GetFields(Constants)
        where field.IsLiteral && field.Name != "Kind"
        select (owner, (string)field.GetRawConstantValue()!);

    private static async Task<bool> IsFoundAsync(string owner, string name)
    {
        try
        {
            await WholeTour.RunAsync(client => new MisnamingClient(client, owner, name));
            return false;
        }
        catch (Exception failure) when (failure is SchemaViolationException or HypervisorException or IOException or OperationCanceledException or Xunit.Sdk.IAssertionException)
        {
            return true;
        }
    }
}
