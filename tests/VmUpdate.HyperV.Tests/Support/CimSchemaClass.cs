using System.Text.Json;
using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A class of the schema.</summary>
internal sealed record CimSchemaClass(
    string Namespace,
    string Name,
    IReadOnlyList<string> Bases,
    bool IsAssociation,
    IReadOnlyDictionary<string, string> Properties,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Methods)
{
    internal static CimSchemaClass Read(string @namespace, JsonProperty found) => new(
        @namespace,
        found.Name,
        found.Value.GetProperty("bases").EnumerateArray().Select(name => name.GetString()!).ToList(),
        found.Value.TryGetProperty("association", out _),
        Texts(found.Value.GetProperty("properties")),
        found.Value.TryGetProperty("methods", out JsonElement methods)
            ? methods.EnumerateObject().ToDictionary(method => method.Name, method => Texts(method.Value), StringComparer.OrdinalIgnoreCase)
            : new Dictionary<string, IReadOnlyDictionary<string, string>>());

    internal bool IsA(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase) || Bases.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The type of a property.</summary>
    internal string TypeOf(string property) => Properties.TryGetValue(property, out string? type)
        ? type
        : throw new SchemaViolationException($"The class {Name} has no property {property}.");

    internal IReadOnlyDictionary<string, string> ParametersOf(string method) => Methods.TryGetValue(method, out IReadOnlyDictionary<string, string>? parameters)
        ? parameters
        : throw new SchemaViolationException($"The class {Name} has no method {method}.");

    /// <summary>Whether a value is of a type as the schema writes it.</summary>
    internal static bool Fits(object value, string type)
    {
        if (type.StartsWith("ref ", StringComparison.Ordinal))
        {
            return type.EndsWith("[]", StringComparison.Ordinal) ? value is CimPath[] or CimRecord[] : value is CimPath or CimRecord;
        }

        string plain = type.EndsWith("[]", StringComparison.Ordinal) ? type[..^2] : type;
        bool isRecord = value is CimRecord or CimRecord[];
        return (type.Length != plain.Length) == (value is Array)
            && (isRecord ? char.IsUpper(plain[0]) : string.Equals(CimXml.TypeOf(value), plain, StringComparison.Ordinal));
    }

    private static IReadOnlyDictionary<string, string> Texts(JsonElement element) =>
        element.EnumerateObject().ToDictionary(item => item.Name, item => item.Value.GetString()!, StringComparer.OrdinalIgnoreCase);
}
