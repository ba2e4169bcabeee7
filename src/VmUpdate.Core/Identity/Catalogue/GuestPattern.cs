using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>
/// A path on a guest's volume with <c>*</c> and <c>?</c> inside a name and <c>**</c> for any number of names. A first name
/// <c>%SystemRoot%</c> stands for the Windows folder. Case does not matter; links are not followed.
/// </summary>
public sealed class GuestPattern
{
    private const string SystemRoot = "%SystemRoot%";
    private const string AnyDepth = "**";
    private readonly string[] _parts;

    private GuestPattern(string[] parts) => _parts = parts;

    /// <summary>A pattern that fits nothing.</summary>
    public static GuestPattern Nothing { get; } = new([]);

    /// <summary>Whether it names one place only.</summary>
    public bool IsLiteral => !_parts.Any(HasWildcard);

    /// <summary>Whether it means all that a folder holds.</summary>
    public bool MeansAllBelow => _parts.Length > 0 && _parts[_parts.Length - 1] == AnyDepth;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">Names between <c>\</c> or <c>/</c>.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentException">It is empty, leads out of the volume, or names a drive, a stream, or the volume as a whole.</exception>
    public static GuestPattern Parse(string text)
    {
        string[] parts = GuestPath.Parse(text).Parts.ToArray();
        if (parts.Length == 0 || parts[0] == AnyDepth)
        {
            throw new ArgumentException($"'{text}' would mean the whole volume; it must start with the name of a folder or file.");
        }

        return parts.Any(part => part.Contains(AnyDepth) && part != AnyDepth)
            ? throw new ArgumentException($"in '{text}' the sign ** must stand alone between two separators.")
            : new GuestPattern(parts);
    }

    /// <summary>The pattern of all that the folders it means hold.</summary>
    /// <returns>The longer pattern; this one when it means that already.</returns>
    public GuestPattern AllBelow() => MeansAllBelow ? this : new GuestPattern([.. _parts, AnyDepth]);

    /// <inheritdoc/>
    public override string ToString() => string.Join("\\", _parts);

    /// <summary>Whether a path fits.</summary>
    /// <param name="path">The path.</param>
    /// <param name="windowsFolder">What <c>%SystemRoot%</c> stands for.</param>
    /// <returns><see langword="true"/> when it does.</returns>
    public bool IsMatch(GuestPath path, GuestPath windowsFolder) => Fits(Bind(windowsFolder), 0, path.Parts, 0);

    /// <summary>The entries of a disk that fit, each folder before what it holds.</summary>
    internal IEnumerable<NtfsEntry> Enumerate(GuestDisk disk)
    {
        string[] parts = Bind(disk.WindowsFolder);
        return parts.Length == 0 ? [] : Enumerate(disk.Volume, GuestPath.Root, parts, 0);
    }

    private static IEnumerable<NtfsEntry> Enumerate(NtfsVolume volume, GuestPath folder, string[] parts, int index)
    {
        string part = parts[index];
        if (part == AnyDepth)
        {
            return Walk(volume, folder, parts);
        }

        // Names without a wildcard are looked up, not searched for: a folder may hold a hundred thousand entries.
        IEnumerable<NtfsEntry> found = HasWildcard(part)
            ? volume.Enumerate(folder).Where(entry => TextPattern.IsMatch(part, entry.Path.Name))
            : volume.Find(folder.Append(part)) is { } named ? [named] : [];
        return index == parts.Length - 1
            ? found
            : found.Where(entry => entry is { IsDirectory: true, ReparseTag: 0 }).SelectMany(entry => Enumerate(volume, entry.Path, parts, index + 1));
    }

    private static IEnumerable<NtfsEntry> Walk(NtfsVolume volume, GuestPath folder, string[] parts)
    {
        foreach (NtfsEntry entry in volume.Enumerate(folder))
        {
            IReadOnlyList<string> names = entry.Path.Parts;
            if (Fits(parts, 0, names, 0))
            {
                yield return entry;
            }

            if (entry is { IsDirectory: true, ReparseTag: 0 } && MayFitBelow(parts, 0, names, 0))
            {
                foreach (NtfsEntry deeper in Walk(volume, entry.Path, parts))
                {
                    yield return deeper;
                }
            }
        }
    }

    private static bool Fits(string[] parts, int part, IReadOnlyList<string> names, int name)
    {
        if (part == parts.Length)
        {
            return name == names.Count;
        }

        if (parts[part] != AnyDepth)
        {
            return name < names.Count && TextPattern.IsMatch(parts[part], names[name]) && Fits(parts, part + 1, names, name + 1);
        }

        // At the end it is what a folder holds, not the folder itself; between names it may stand for none.
        return part == parts.Length - 1
            ? name < names.Count
            : Enumerable.Range(name, names.Count - name + 1).Any(next => Fits(parts, part + 1, names, next));
    }

    private static bool MayFitBelow(string[] parts, int part, IReadOnlyList<string> names, int name) =>
        part < parts.Length
        && (name == names.Count
            || parts[part] == AnyDepth
            || (TextPattern.IsMatch(parts[part], names[name]) && MayFitBelow(parts, part + 1, names, name + 1)));

    private static bool HasWildcard(string part) => part.IndexOfAny(['*', '?']) >= 0;

    private string[] Bind(GuestPath windowsFolder) =>
        _parts.Length > 0 && string.Equals(_parts[0], SystemRoot, StringComparison.OrdinalIgnoreCase)
            ? [.. windowsFolder.Parts, .. _parts.Skip(1)]
            : _parts;
}
