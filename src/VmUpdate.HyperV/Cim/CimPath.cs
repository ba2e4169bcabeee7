using System.Text;

namespace VmUpdate.HyperV.Cim;

/// <summary>Which instance is meant: its class and the values of its keys.</summary>
/// <param name="Namespace">The namespace of the class.</param>
/// <param name="ClassName">The class.</param>
/// <param name="Keys">The values of its key properties.</param>
public sealed record CimPath(string Namespace, string ClassName, IReadOnlyDictionary<string, object> Keys)
{
    /// <summary>Reads a path as properties hold it: <c>\\HOST\root\virtualization\v2:Class.Key="value"</c>, with text keys only.</summary>
    /// <param name="text">The path.</param>
    /// <returns>The path, or <see langword="null"/> when it is none.</returns>
    public static CimPath? TryParse(string text)
    {
        int colon = text.IndexOf(':');
        int dot = colon < 0 ? -1 : text.IndexOf('.', colon);
        if (dot < 0)
        {
            return null;
        }

        var keys = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        for (int at = dot + 1; at < text.Length;)
        {
            int equals = text.IndexOf('=', at);
            if (equals < 0 || equals + 1 >= text.Length || text[equals + 1] != '"')
            {
                return null;
            }

            var value = new StringBuilder();
            int end = equals + 2;
            for (; end < text.Length && text[end] != '"'; end++)
            {
                end += text[end] == '\\' && end + 1 < text.Length ? 1 : 0;
                value.Append(text[end]);
            }

            // After the quotes comes the next key or nothing.
            if (end >= text.Length || (end + 1 < text.Length && text[end + 1] != ','))
            {
                return null;
            }

            keys[text.Substring(at, equals - at)] = value.ToString();
            at = end + 2;
        }

        string place = text.Substring(0, colon);
        int host = place.StartsWith(@"\\", StringComparison.Ordinal) ? place.IndexOf('\\', 2) + 1 : 0;
        return keys.Count == 0 ? null : new CimPath(place.Substring(host), text.Substring(colon + 1, dot - colon - 1), keys);
    }

    /// <summary>The path as properties hold it.</summary>
    /// <param name="host">The host's name.</param>
    /// <returns>The path, with its keys as text.</returns>
    public string ToText(string host) => $@"\\{host}\{Namespace}:{ClassName}."
        + string.Join(",", Keys.Select(key => $"{key.Key}=\"{((string)key.Value).Replace("\\", "\\\\").Replace("\"", "\\\"")}\""));

    /// <inheritdoc/>
    public override string ToString() => ClassName + "." + string.Join(",", Keys.Select(key => $"{key.Key}=\"{key.Value}\""));
}
