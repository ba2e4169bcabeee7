namespace VmUpdate.DiskFormats.Vhdx.Parents;

/// <summary>Where a child's parent may be looked for, by what the child says. Pure text: nothing is opened here.</summary>
/// <remarks>
/// What a child says is not trusted: it may be a disk from elsewhere. It never makes this host open a path of another computer or
/// a device, unless the child itself lies there or the caller allowed the folder.
/// </remarks>
/// <param name="onWindows">Whether the host's paths are those of Windows.</param>
/// <param name="allowedFolders">The caller's folders.</param>
internal sealed class ParentPlaces(bool onWindows, IReadOnlyList<string> allowedFolders)
{
    private static readonly string[] UnixDevices = ["/dev/", "/proc/", "/sys/"];

    private StringComparison Comparison => onWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The paths to try, in their order, each with the reason when it may not be tried.</summary>
    /// <param name="childPath">The child's full path.</param>
    /// <param name="locator">What it says of its parent.</param>
    /// <param name="named">What the caller names; trusted, and first.</param>
    internal IEnumerable<ParentCandidate> Candidates(string childPath, ParentLocator locator, string? named)
    {
        if (named is not null)
        {
            yield return new ParentCandidate("named by the caller", named, null);
        }

        foreach (string key in (string[])[ParentLocator.RelativePath, ParentLocator.AbsolutePath, ParentLocator.VolumePath])
        {
            if (locator.Value(key) is { } value)
            {
                yield return key == ParentLocator.RelativePath ? Relative(childPath, key, value) : Absolute(childPath, key, value);
            }
        }
    }

    /// <summary>The path of a parent from a child's folder, with <c>\</c>; <see langword="null"/> when there is none.</summary>
    internal string? RelativeFrom(string childPath, string parentPath)
    {
        string[] from = Parts(childPath);
        string[] to = Parts(parentPath);
        if (Root(childPath) != Root(parentPath) || to.Any(part => !onWindows && part.IndexOf('\\') >= 0))
        {
            return null;
        }

        int common = 0;
        while (common < from.Length - 1 && common < to.Length - 1 && string.Equals(from[common], to[common], Comparison))
        {
            common++;
        }

        int up = from.Length - 1 - common;
        IEnumerable<string> steps = up == 0 ? ["."] : Enumerable.Repeat("..", up);
        return string.Join("\\", steps.Concat(to.Skip(common)));
    }

    /// <summary>Whether a path is absolute on Windows: of a drive, a share or a device.</summary>
    internal static bool IsWindowsAbsolute(string path) =>
        path.StartsWith(@"\\", StringComparison.Ordinal) || (path.Length > 2 && path[1] == ':' && path[2] is '\\' or '/');

    private static bool HasDrive(string path) => path.Length > 1 && path[1] == ':';

    private ParentCandidate Relative(string childPath, string key, string value)
    {
        if (value[0] is '\\' or '/' || HasDrive(value) || value.IndexOf('\0') >= 0)
        {
            return new ParentCandidate(key, value, "it is not a relative path");
        }

        string folder = childPath.Substring(0, childPath.LastIndexOfAny(onWindows ? ['\\', '/'] : ['/']) + 1);
        return Judged(childPath, key, folder + (onWindows ? value : value.Replace('\\', '/')));
    }

    private ParentCandidate Absolute(string childPath, string key, string value)
    {
        if (value.IndexOf('\0') >= 0)
        {
            return new ParentCandidate(key, value, "it is not a path");
        }

        if (onWindows)
        {
            return IsWindowsAbsolute(value) ? Judged(childPath, key, value) : new ParentCandidate(key, value, "it is not an absolute path");
        }

        return value[0] == '/'
            ? Judged(childPath, key, value)
            : new ParentCandidate(key, value, "a path of Windows cannot be opened on this host; name the parent");
    }

    private ParentCandidate Judged(string childPath, string key, string path)
    {
        bool foreign = onWindows
            ? path.StartsWith(@"\\", StringComparison.Ordinal) && !IsOnLocalVolume(path) && !IsOnSameShare(childPath, path)
            : UnixDevices.Any(device => Squeezed(path).StartsWith(device, StringComparison.Ordinal));
        bool allowed = !foreign || allowedFolders.Any(folder => IsBelow(path, folder));
        return new ParentCandidate(
            key, path, allowed ? null : "it leads to another computer or a device, and the folder is not among those allowed", IsForeign: foreign);
    }

    /// <summary>A volume by its id, or a drive, written as a device path.</summary>
    private static bool IsOnLocalVolume(string path) =>
        path.StartsWith(@"\\?\Volume{", StringComparison.OrdinalIgnoreCase)
        || (path.StartsWith(@"\\?\", StringComparison.Ordinal) && HasDrive(path.Substring(4)));

    private static bool IsOnSameShare(string childPath, string path)
    {
        // \\server\share\: up to the fourth backslash.
        int end = -1;
        for (int index = 2, found = 0; index < childPath.Length && found < 2; index++)
        {
            if (childPath[index] == '\\')
            {
                found++;
                end = index;
            }
        }

        return childPath.StartsWith(@"\\", StringComparison.Ordinal)
            && childPath.Length > 2 && childPath[2] is not ('?' or '.')
            && end > 0 && path.StartsWith(childPath.Substring(0, end + 1), StringComparison.OrdinalIgnoreCase);
    }

    private static string Squeezed(string path)
    {
        var parts = new List<string>();
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join("/", parts);
    }

    private bool IsBelow(string path, string folder)
    {
        char separator = onWindows ? '\\' : '/';
        string below = folder.TrimEnd(separator) + separator;
        bool leaves = path.Split('\\', '/').Contains("..");
        return !leaves && path.StartsWith(below, Comparison);
    }

    private string Root(string path) => onWindows && HasDrive(path) ? path.Substring(0, 2).ToUpperInvariant() : string.Empty;

    private string[] Parts(string path) =>
        path.Split(onWindows ? ['\\', '/'] : ['/'], StringSplitOptions.RemoveEmptyEntries);
}
