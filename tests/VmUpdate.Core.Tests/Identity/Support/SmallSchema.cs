using System.Text.Json;
using System.Text.RegularExpressions;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>As much of JSON Schema as the catalogue's schema uses; a word it does not know is a defect too.</summary>
internal static class SmallSchema
{
    private static readonly HashSet<string> Silent =
        ["$schema", "$defs", "title", "description", "default", "type", "properties", "required", "additionalProperties", "items", "minItems", "enum", "pattern", "$ref"];

    public static IEnumerable<string> Defects(JsonElement schema, JsonElement value) => Defects(schema, schema, value, "$");

    private static IEnumerable<string> Defects(JsonElement root, JsonElement schema, JsonElement value, string place)
    {
        foreach (JsonProperty word in schema.EnumerateObject().Where(word => !Silent.Contains(word.Name)))
        {
            yield return $"{place}: the schema's word {word.Name} is not known here";
        }

        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            JsonElement target = reference.GetString()!.Split('/').Skip(1).Aggregate(root, (at, part) => at.GetProperty(part));
            foreach (string defect in Defects(root, target, value, place))
            {
                yield return defect;
            }
        }

        if (schema.TryGetProperty("enum", out JsonElement words) && !words.EnumerateArray().Any(word => word.GetString() == Text(value)))
        {
            yield return $"{place}: {value} is none of {words}";
        }

        if (schema.TryGetProperty("pattern", out JsonElement pattern) && !Regex.IsMatch(Text(value) ?? string.Empty, pattern.GetString()!))
        {
            yield return $"{place}: {value} does not fit {pattern}";
        }

        string type = schema.TryGetProperty("type", out JsonElement named) ? named.GetString()! : string.Empty;
        bool fits = type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            _ => type.Length == 0,
        };
        if (!fits)
        {
            yield return $"{place}: {value.ValueKind} where {type} is expected";
            yield break;
        }

        IEnumerable<string> inner = type switch
        {
            "object" => OfObject(root, schema, value, place),
            "array" => OfArray(root, schema, value, place),
            _ => [],
        };
        foreach (string defect in inner)
        {
            yield return defect;
        }
    }

    private static IEnumerable<string> OfObject(JsonElement root, JsonElement schema, JsonElement value, string place)
    {
        foreach (JsonElement name in schema.TryGetProperty("required", out JsonElement required) ? required.EnumerateArray() : default)
        {
            if (!value.TryGetProperty(name.GetString()!, out _))
            {
                yield return $"{place}: {name} is missing";
            }
        }

        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!schema.GetProperty("properties").TryGetProperty(member.Name, out JsonElement field))
            {
                yield return $"{place}: {member.Name} is unknown";
                continue;
            }

            foreach (string defect in Defects(root, field, member.Value, $"{place}.{member.Name}"))
            {
                yield return defect;
            }
        }
    }

    private static IEnumerable<string> OfArray(JsonElement root, JsonElement schema, JsonElement value, string place)
    {
        if (schema.TryGetProperty("minItems", out JsonElement least) && value.GetArrayLength() < least.GetInt32())
        {
            yield return $"{place}: too few";
        }

        int index = 0;
        foreach (JsonElement element in value.EnumerateArray())
        {
            foreach (string defect in Defects(root, schema.GetProperty("items"), element, $"{place}[{index}]"))
            {
                yield return defect;
            }

            index++;
        }
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
