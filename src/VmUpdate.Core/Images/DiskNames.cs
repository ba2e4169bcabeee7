using System.Globalization;
using System.Text;

namespace VmUpdate.Core.Images;

/// <summary>The names of the disks that are made.</summary>
internal static class DiskNames
{
    private const int MaxNameLength = 100; // with the rest well below what any file system of a host allows
    private const string Forbidden = "<>:\"/\\|?*";

    // Windows takes these for devices, whatever follows the first dot.
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"COM{i}", $"LPT{i}" })],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The path of a machine's next disk, beside its present one.</summary>
    /// <param name="oldPath">The present disk.</param>
    /// <param name="vmName">The machine's name.</param>
    /// <param name="revision">The new disk's number.</param>
    /// <param name="swapId">The swap.</param>
    /// <returns>The full path.</returns>
    public static string Next(string oldPath, string vmName, int revision, Guid swapId) =>
        Path.Combine(Path.GetDirectoryName(oldPath) ?? string.Empty, Compose(vmName, revision, swapId.ToString("N").Substring(0, 8)));

    /// <summary>The same path while the swap's id is not known yet.</summary>
    /// <param name="oldPath">The present disk.</param>
    /// <param name="vmName">The machine's name.</param>
    /// <param name="revision">The new disk's number.</param>
    /// <returns>The full path, with the eight digits left open.</returns>
    public static string Next(string oldPath, string vmName, int revision) =>
        Path.Combine(Path.GetDirectoryName(oldPath) ?? string.Empty, Compose(vmName, revision, "########"));

    private static string Compose(string vmName, int revision, string digits) =>
        string.Format(CultureInfo.InvariantCulture, "{0}.r{1}.{2}.vhdx", Sanitize(vmName), revision, digits);

    /// <summary>A name of which any file system of a host makes a file.</summary>
    public static string Sanitize(string name)
    {
        var clean = new StringBuilder();
        foreach (char c in name.Length > MaxNameLength ? name.Substring(0, MaxNameLength) : name)
        {
            // A lone surrogate is no character of any file system's; it may come from cutting the name, too.
            clean.Append(char.IsControl(c) || char.IsSurrogate(c) || Forbidden.IndexOf(c) >= 0 ? '_' : c);
        }

        string text = clean.ToString().Trim().TrimEnd('.');
        return text.Length == 0 || text[0] == '.' || Devices.Contains(text.Split('.')[0]) ? "_" + text : text;
    }
}
