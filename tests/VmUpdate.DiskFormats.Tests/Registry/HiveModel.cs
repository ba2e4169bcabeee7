using VmUpdate.DiskFormats.Registry;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>What a hive must hold, kept in dictionaries: what a test does to the hive it does to the model too.</summary>
internal sealed class HiveModel
{
    public string ClassName { get; set; } = string.Empty;

    public byte[] Security { get; set; } = [];

    public Dictionary<string, HiveModel> SubKeys { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, (uint Type, byte[] Data)> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static HiveModel Of(RegistryKey key)
    {
        var model = new HiveModel { ClassName = key.ClassName, Security = key.GetSecurityDescriptor() };
        foreach (RegistryValue value in key.Values)
        {
            model.Values.Add(value.Name, (value.Type, value.Data));
        }

        foreach (RegistryKey child in key.SubKeys)
        {
            model.SubKeys.Add(child.Name, Of(child));
        }

        return model;
    }

    /// <summary>Asserts that two are the same, and names the first place where they are not.</summary>
    public static void Same(HiveModel expected, HiveModel actual, string path = "")
    {
        Assert.True(expected.ClassName == actual.ClassName, $"Class name of '{path}'.");
        Assert.True(expected.Security.AsSpan().SequenceEqual(actual.Security), $"Security of '{path}'.");
        SameNames(expected.Values.Keys, actual.Values.Keys, path);
        foreach ((string name, (uint type, byte[] data)) in expected.Values)
        {
            (uint otherType, byte[] otherData) = actual.Values[name];
            Assert.True(type == otherType && data.AsSpan().SequenceEqual(otherData), $"Value '{name}' of '{path}'.");
        }

        SameNames(expected.SubKeys.Keys, actual.SubKeys.Keys, path);
        foreach ((string name, HiveModel child) in expected.SubKeys)
        {
            Same(child, actual.SubKeys[name], path + "\\" + name);
        }
    }

    private static void SameNames(IEnumerable<string> expected, IEnumerable<string> actual, string path)
    {
        string[] missing = [.. expected.Except(actual), .. actual.Except(expected)];
        Assert.True(missing.Length == 0, $"Only in one of the two at '{path}': {string.Join(", ", missing.Take(5))}");
    }
}
