using System.Text.Json;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>
/// What the guest agent does once, when Windows has started for the first time on a new disk: put back what <em>specialize</em> made anew,
/// and set addresses that were set by hand. Nothing secret is in it.
/// </summary>
/// <remarks>
/// JSON in UTF-8 at <see cref="Path"/>, readable by SYSTEM and administrators only. The agent carries the steps out in order and then
/// deletes the file; a step that is done already changes nothing when it is done again.
/// <code>
/// version        1; an agent that knows less leaves the file and says so
/// computerName   the name the machine must have by then; another one: nothing is done
/// steps          each has "set", the catalogue's, and "action":
///   set-value      hive, key, value, type, data (base64): the registry value gets these bytes
///   rename-suffix  folder, fromHive, fromKey, fromValue, to: files in it whose names end with an underscore and what that value of the
///                  registry holds get "to" in its place; comes before the set-value that changes the value
///   set-address    adapter (physical address; empty: the only one), addresses, subnetMasks, gateways, nameServers
/// </code>
/// In keys, CurrentControlSet stands for the current set.
/// </remarks>
internal sealed class FirstBootManifest
{
    /// <summary>Where it is on the Windows volume.</summary>
    public static readonly GuestPath Path = GuestPath.Parse("ProgramData\\VmUpdate\\first-boot.json");

    /// <summary>The service whose presence says that a disk has an agent to carry it out.</summary>
    public const string AgentServiceKey = "CurrentControlSet\\Services\\vmupdate-agent";

    private const int Version = 1;
    private readonly List<Action<Utf8JsonWriter>> _renames = [];
    private readonly List<Action<Utf8JsonWriter>> _steps = [];

    public bool IsEmpty => _steps.Count == 0 && _renames.Count == 0;

    public void SetValue(string set, HiveName hive, string key, RegistryValue value) => Add(_steps, set, "set-value", json =>
    {
        json.WriteString("hive", hive.ToString().ToUpperInvariant());
        json.WriteString("key", key);
        json.WriteString("value", value.Name);
        json.WriteNumber("type", value.Type);
        json.WriteBase64String("data", value.Data);
    });

    public void RenameSuffix(string set, IdentityItem item, string to) => Add(_renames, set, "rename-suffix", json =>
    {
        json.WriteString("folder", item.Path.ToString());
        json.WriteString("fromHive", item.Hive.ToString().ToUpperInvariant());
        json.WriteString("fromKey", item.Key);
        json.WriteString("fromValue", item.Value);
        json.WriteString("to", to);
    });

    public void SetAddress(string set, StaticAddress address) => Add(_steps, set, "set-address", json =>
    {
        json.WriteString("adapter", address.PhysicalAddress);
        Write(json, "addresses", address.Addresses);
        Write(json, "subnetMasks", address.SubnetMasks);
        Write(json, "gateways", address.Gateways);
        Write(json, "nameServers", address.NameServers);
    });

    /// <summary>The file's bytes.</summary>
    /// <param name="computerName">The machine's name.</param>
    public byte[] ToJson(string computerName)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("computerName", computerName);
            json.WriteStartArray("steps");
            foreach (Action<Utf8JsonWriter> step in _renames.Concat(_steps))
            {
                step(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void Add(List<Action<Utf8JsonWriter>> steps, string set, string action, Action<Utf8JsonWriter> more) => steps.Add(json =>
    {
        json.WriteStartObject();
        json.WriteString("set", set);
        json.WriteString("action", action);
        more(json);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
