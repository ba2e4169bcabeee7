using System.Text.Json;
using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Tests.Support;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.HyperV.Tests;

public sealed class SchemaTests : IDisposable
{
    private const string V2 = SmallHyperV.V2;
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Dictionary<string, object> SystemKeys = new() { ["CreationClassName"] = "Msvm_ComputerSystem", ["Name"] = "X" };
    private readonly SchemaCheckedClient _client = new(new SmallHyperV().Connect());

    public void Dispose() => _client.Dispose();

    [Fact]
    public void The_schema_of_the_tests_is_part_of_the_published_one()
    {
        string path = Path.GetFullPath(Path.Combine(RepositoryRoot.Path, "..", "shared", "reference", "hyperv-v2-schema.json"));
        Assert.SkipUnless(File.Exists(path), "The whole schema is not in ../shared/reference.");
        using JsonDocument published = JsonDocument.Parse(File.ReadAllText(path));
        using JsonDocument own = CimSchema.Load("hyper-v.json");
        foreach (JsonProperty found in own.RootElement.GetProperty("classes").EnumerateObject())
        {
            JsonElement original = published.RootElement.GetProperty("classes").GetProperty(found.Name);
            Assert.Equal(
                original.GetProperty("inheritance").EnumerateArray().Select(name => name.GetString()),
                found.Value.GetProperty("bases").EnumerateArray().Select(name => name.GetString()));
            Assert.Equal(original.GetProperty("association").GetBoolean(), found.Value.TryGetProperty("association", out _));
            foreach (JsonProperty property in found.Value.GetProperty("properties").EnumerateObject())
            {
                Assert.Equal(TypeOf(original.GetProperty("properties").GetProperty(property.Name)), property.Value.GetString());
            }

            foreach (JsonProperty method in found.Value.TryGetProperty("methods", out JsonElement methods) ? methods.EnumerateObject().ToList() : [])
            {
                Assert.Equal(
                    original.GetProperty("methods").GetProperty(method.Name).GetProperty("params").EnumerateArray().Select(parameter => (
                        parameter.GetProperty("name").GetString()!,
                        $"{parameter.GetProperty("direction").GetString()} {TypeOf(parameter)}"
                        + (parameter.TryGetProperty("embeddedInstanceOf", out JsonElement of) ? " of " + of.GetString() : string.Empty))),
                    method.Value.EnumerateObject().Select(parameter => (parameter.Name, parameter.Value.GetString()!)));
            }
        }
    }

    [Theory]
    [InlineData(V2, "Msvm_ComputerSystems", null)]
    [InlineData(@"root\cimv2", "Msvm_ComputerSystem", null)]
    [InlineData(V2, "Msvm_ComputerSystem", "Nmae")]
    [InlineData(V2, "Msvm_ComputerSystem", "EnabledState")]
    public Task A_query_that_the_schema_does_not_know_fails(string @namespace, string className, string? property) =>
        ViolatesAsync(() => _client.QueryAsync(new CimQuery(@namespace, className, property, "1"), None));

    [Theory]
    [InlineData("Msvm_ConcreteJob", "InstanceId2", "1")]
    [InlineData("Msvm_ConcreteJob", "InstanceID", 1)]
    [InlineData("Msvm_Job", "InstanceID", "1")]
    public Task A_path_that_the_schema_does_not_know_fails(string className, string key, object value) =>
        ViolatesAsync(() => _client.GetAsync(new CimPath(V2, className, new Dictionary<string, object> { [key] = value }), None));

    [Theory]
    [InlineData("Msvm_SettingsDefinedState", "ManagedElement", "SettingData", "Msvm_VirtualSystemSettingData")]
    [InlineData("Msvm_ComputerSystem", "ManagedElement", "SettingData", "Msvm_VirtualSystemSettingData")]
    [InlineData("Msvm_SettingsDefineState", "SettingData", "ManagedElement", "Msvm_VirtualSystemSettingData")]
    [InlineData("Msvm_SettingsDefineState", "ManagedElement", "Settings", "Msvm_VirtualSystemSettingData")]
    [InlineData("Msvm_SettingsDefineState", "ManagedElement", "SettingData", "Msvm_MemorySettingData")]
    [InlineData("Msvm_SystemDevice", "GroupComponent", "PartComponent", "Msvm_MemorySettingData")]
    public Task A_way_that_the_schema_does_not_know_fails(string way, string from, string to, string result) =>
        ViolatesAsync(() => _client.AssociatorsAsync(new CimPath(V2, "Msvm_ComputerSystem", SystemKeys), new CimAssociation(way, from, to, result), None));

    public static TheoryData<string, string, string, object> BadCalls { get; } = new()
    {
        { "Msvm_ComputerSystem", "RequestState", "RequestedState", (ushort)2 },
        { "Msvm_ComputerSystem", "RequestStateChange", "State", (ushort)2 },
        { "Msvm_ComputerSystem", "RequestStateChange", "RequestedState", 2 },
        { "Msvm_ComputerSystem", "RequestStateChange", "Job", "out" },
        { "Msvm_VirtualSystemManagementService", "ModifyResourceSettings", "ResourceSettings", "not a list" },
        { "Msvm_VirtualSystemManagementService", "ModifySystemSettings", "SystemSettings", "<INSTANCE CLASSNAME=\"Msvm_MemorySettingData\"/>" },
        { "Msvm_VirtualSystemManagementService", "ModifySystemSettings", "SystemSettings", "<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSettingData\"><PROPERTY NAME=\"Notes\" TYPE=\"string\"><VALUE/></PROPERTY></INSTANCE>" },
        { "Msvm_VirtualSystemManagementService", "ModifyResourceSettings", "ResourceSettings", new[] { "<INSTANCE CLASSNAME=\"Msvm_StorageAllocationSettingData\"><PROPERTY NAME=\"Hostresource2\" TYPE=\"string\"><VALUE/></PROPERTY></INSTANCE>" } },
        { "Msvm_VirtualSystemManagementService", "DestroySystem", "AffectedSystem", new CimPath(V2, "Msvm_ConcreteJob", new Dictionary<string, object> { ["InstanceID"] = "1" }) },
    };

    [Theory]
    [MemberData(nameof(BadCalls), DisableDiscoveryEnumeration = true)]
    public Task A_call_that_the_schema_does_not_know_fails(string className, string method, string parameter, object value) => ViolatesAsync(
        () => _client.InvokeAsync(new CimPath(V2, className, SystemKeys), method, new Dictionary<string, object> { [parameter] = value }, None));

    /// <summary>A type; where the documentation and a living Windows differ, the latter's.</summary>
    private static string TypeOf(JsonElement element) =>
        (element.TryGetProperty("ref", out JsonElement isReference) && isReference.GetBoolean() ? "ref " : string.Empty)
        + (element.TryGetProperty("liveType", out JsonElement live) ? live : element.GetProperty("type")).GetString()
        + (element.TryGetProperty("array", out JsonElement isArray) && isArray.GetBoolean() ? "[]" : string.Empty);

    private async Task ViolatesAsync(Func<Task> call)
    {
        await Assert.ThrowsAsync<SchemaViolationException>(call);
        Assert.Single(_client.Violations);
    }
}
