using System.Globalization;
using VmUpdate.Core.Images;

namespace VmUpdate.Core.Versions;

/// <summary>The names of what is made for a version.</summary>
internal static class VersionNames
{
    private const int Digits = 8;

    /// <summary>The new master, beside the one that it is made from: <c>win11.vhdx</c> becomes <c>win11.v2.1a2b3c4d.vhdx</c>.</summary>
    public static string Master(string masterPath, int number, Guid build) => Beside(masterPath, number, build, string.Empty);

    /// <summary>The build machine's disk, beside the master: <c>win11.v2.1a2b3c4d.build.vhdx</c>.</summary>
    public static string Disk(string masterPath, int number, Guid build) => Beside(masterPath, number, build, ".build");

    /// <summary>The build machine: <c>Office-v2-build</c>.</summary>
    public static string Machine(string pool, int number) =>
        string.Format(CultureInfo.InvariantCulture, "{0}-v{1}-build", DiskNames.Sanitize(pool), number);

    /// <summary>The task in the build machine; no other task has the name.</summary>
    public static string Task(string pool, int number, Guid build) =>
        string.Format(CultureInfo.InvariantCulture, "{0} v{1} {2}", DiskNames.Sanitize(pool), number, Short(build));

    private static string Beside(string masterPath, int number, Guid build, string what)
    {
        string name = string.Format(CultureInfo.InvariantCulture, "{0}.v{1}.{2}{3}.vhdx", Stem(masterPath), number, Short(build), what);
        return Path.Combine(Path.GetDirectoryName(masterPath) ?? string.Empty, name);
    }

    /// <summary>A master's name without what an earlier build added to it.</summary>
    private static string Stem(string masterPath)
    {
        string stem = Path.GetFileNameWithoutExtension(masterPath);
        string[] parts = stem.Split('.');
        bool isBuilt = parts.Length > 2 && IsNumber(parts[parts.Length - 2]) && IsDigits(parts[parts.Length - 1]);
        return DiskNames.Sanitize(isBuilt ? string.Join(".", parts.Take(parts.Length - 2)) : stem);
    }

    private static bool IsNumber(string part) => part.Length > 1 && part[0] == 'v' && part.Skip(1).All(c => c is >= '0' and <= '9');

    private static bool IsDigits(string part) => part.Length == Digits && part.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    private static string Short(Guid build) => build.ToString("N").Substring(0, Digits);
}
