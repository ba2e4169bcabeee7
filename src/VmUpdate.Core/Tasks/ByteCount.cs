using System.Globalization;

namespace VmUpdate.Core.Tasks;

/// <summary>Counts of bytes as people read them.</summary>
internal static class ByteCount
{
    private const double Gibibyte = 1024d * 1024 * 1024;

    /// <summary>A count in GiB, with one digit behind the point.</summary>
    /// <param name="bytes">The count.</param>
    /// <returns>The text, such as <c>2.1 GiB</c>.</returns>
    public static string Text(long bytes) => string.Format(CultureInfo.InvariantCulture, "{0:0.0} GiB", bytes / Gibibyte);
}
