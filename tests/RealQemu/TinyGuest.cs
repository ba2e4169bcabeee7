using VmUpdate.Simulation.Support;

namespace VmUpdate.RealQemu;

/// <summary>The tiny guest of tests/guest, built once and kept in a folder that is in no commit.</summary>
internal static class TinyGuest
{
    private static readonly Lazy<string> Built = new(Build);

    internal static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "artifacts", "guest");

    internal static string Kernel => Path.Combine(Folder, "vmlinux");

    internal static string Initrd => Path.Combine(Folder, "initrd");

    /// <summary>Skips the test where the guest cannot be built; in CI it fails.</summary>
    internal static void Require() => Judges.Require(Built.Value.Length == 0, $"The tiny guest cannot be built here: {Built.Value}");

    private static bool IsThere => File.Exists(Kernel) && File.Exists(Initrd);

    private static string Build()
    {
        if (IsThere)
        {
            return string.Empty;
        }

        Directory.CreateDirectory(Folder);

        // Another test project may be at it too; the second finds it made.
        using var only = new FileStream(
            Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        if (IsThere)
        {
            return string.Empty;
        }

        (int exitCode, string output) = Judges.Run("/bin/bash", Path.Combine(RepositoryRoot.Path, "tests", "guest", "build-guest.sh"), Folder);
        return exitCode == 0 && IsThere ? string.Empty : output.Trim().Split('\n')[^1] + $" (exit code {exitCode})";
    }
}
