using System.Reflection;
using System.Text.Json;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>The classes of Hyper-V and of Windows that are used, from the files in Schema, which say where they were taken from.</summary>
internal sealed class CimSchema
{
    private readonly Dictionary<string, CimSchemaClass> _classes = new(StringComparer.OrdinalIgnoreCase);

    private CimSchema()
    {
        using JsonDocument own = Load("hyper-v.json");
        Add(own.RootElement);
        using JsonDocument windows = Load("windows.json");
        foreach (JsonElement part in windows.RootElement.EnumerateArray())
        {
            Add(part);
        }
    }

    internal static CimSchema Instance { get; } = new();

    internal IReadOnlyCollection<CimSchemaClass> Classes => _classes.Values;

    /// <summary>A class; CIM's own classes are known by what derives from them.</summary>
    internal CimSchemaClass Find(string @namespace, string name)
    {
        CimSchemaClass found = _classes.TryGetValue(name, out CimSchemaClass? known)
            ? known
            : throw new SchemaViolationException($"There is no class {name}.");
        return string.Equals(found.Namespace, @namespace, StringComparison.OrdinalIgnoreCase)
            ? found
            : throw new SchemaViolationException($"The class {name} is in {found.Namespace}, not in {@namespace}.");
    }

    internal static JsonDocument Load(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        return JsonDocument.Parse(stream);
    }

    private void Add(JsonElement part)
    {
        string @namespace = part.GetProperty("namespace").GetString()!;
        foreach (JsonProperty found in part.GetProperty("classes").EnumerateObject())
        {
            _classes.Add(found.Name, CimSchemaClass.Read(@namespace, found));
        }
    }
}
