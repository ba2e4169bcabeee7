namespace VmUpdate.DiskFormats;

/// <summary>
/// A path on a guest's volume: names between <c>\</c>, compared without case. It never meets the host's separators
/// and never leaves the volume: <c>.</c> and <c>..</c> are refused.
/// </summary>
public sealed class GuestPath : IEquatable<GuestPath>
{
    private const int MaxNameLength = 255; // [NTFS] a file name's length is one byte, in UTF-16 units
    private readonly string[] _parts;

    private GuestPath(string[] parts) => _parts = parts;

    /// <summary>The volume's root.</summary>
    public static GuestPath Root { get; } = new([]);

    /// <summary>The names from the root down.</summary>
    public IReadOnlyList<string> Parts => _parts;

    /// <summary>The last name; empty for the root.</summary>
    public string Name => _parts.Length == 0 ? string.Empty : _parts[_parts.Length - 1];

    /// <summary>The folder that holds it; the root's is the root.</summary>
    public GuestPath Parent => _parts.Length == 0 ? this : new GuestPath(_parts.Take(_parts.Length - 1).ToArray());

    /// <summary>Reads a path.</summary>
    /// <param name="path">Names between <c>\</c> or <c>/</c>; a separator in front is allowed, a drive letter is not.</param>
    /// <returns>The path.</returns>
    /// <exception cref="ArgumentException">A name is empty, too long, <c>.</c> or <c>..</c>, or holds a character NTFS names may not.</exception>
    public static GuestPath Parse(string path)
    {
        string[] parts = path.Trim('\\', '/').Split('\\', '/');
        return parts.Length == 1 && parts[0].Length == 0 ? Root : new GuestPath(parts.Select(Checked).ToArray());
    }

    /// <summary>The path of an entry of this folder.</summary>
    /// <param name="name">The entry's name.</param>
    /// <returns>The longer path.</returns>
    public GuestPath Append(string name) => new([.. _parts, Checked(name)]);

    /// <inheritdoc/>
    public bool Equals(GuestPath? other) =>
        other is not null && _parts.SequenceEqual(other._parts, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GuestPath);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(ToString());

    /// <inheritdoc/>
    public override string ToString() => string.Join("\\", _parts);

    private static string Checked(string name)
    {
        bool bad = name.Length is 0 or > MaxNameLength || name is "." or ".." || name.IndexOfAny(['\0', '/', '\\', ':']) >= 0;
        return bad ? throw new ArgumentException($"'{name}' is not a name of a file or folder on a guest's volume.") : name;
    }
}
