using VmUpdate.Simulation.Support;

namespace VmUpdate.RealQemu;

/// <summary>The tiny guest of tests/guest, built once and kept in a folder that is in no commit.</summary>
internal static class TinyGuest
{
    private static readonly Lazy<string> Built = new(() => Make(Initrd, Recipe, [], () => RunRecipe("build-guest.sh", Folder)));
    private static readonly Lazy<string> BuiltWithAgent = new(() => Make(InitrdWithAgent, [Initrd, .. Recipe], AgentProjects, MakeAgent));

    internal static string Folder => Path.Combine(RepositoryRoot.Path, "artifacts", "guest");

    internal static string Kernel => Path.Combine(Folder, "vmlinux");

    internal static string Initrd => Path.Combine(Folder, "initrd");

    /// <summary>The guest in which vmupdate-agent runs.</summary>
    internal static string InitrdWithAgent => Path.Combine(Folder, "initrd-agent");

    private static string[] Recipe => Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "tests", "guest"), "*", SearchOption.AllDirectories);

    private static string[] AgentProjects => [Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.GuestAgent"), Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.GuestProtocol")];

    /// <summary>Skips the test where the guest cannot be built; in CI it fails.</summary>
    internal static void Require() => Judges.Require(Built.Value.Length == 0, $"The tiny guest cannot be built here: {Built.Value}");

    /// <summary>The same for the guest with vmupdate-agent.</summary>
    internal static void RequireWithAgent()
    {
        Require();
        Judges.Require(BuiltWithAgent.Value.Length == 0, $"vmupdate-agent cannot be published into the tiny guest here: {BuiltWithAgent.Value}");
    }

    /// <summary>Makes a file when it is absent or older than what it is made of.</summary>
    /// <returns>Why it could not be made; empty when it is there.</returns>
    private static string Make(string file, string[] sources, string[] projects, Func<(int ExitCode, string Output)> make)
    {
        IEnumerable<string> code = projects.SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs*", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal));
        DateTime newest = sources.Concat(code).Where(File.Exists).Max(File.GetLastWriteTimeUtc);
        bool IsMade() => File.Exists(file) && File.GetLastWriteTimeUtc(file) >= newest;
        if (IsMade())
        {
            return string.Empty;
        }

        // Another test project may be at it too; the second waits, and finds it made.
        Directory.CreateDirectory(Folder);
        using FileStream only = TakeLock();
        if (IsMade())
        {
            return string.Empty;
        }

        (int exitCode, string output) = make();
        return exitCode == 0 && IsMade() ? string.Empty : output.Trim().Split('\n')[^1] + $" (exit code {exitCode})";
    }

    private static FileStream TakeLock()
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(100);
            }
        }
    }

    private static (int ExitCode, string Output) MakeAgent()
    {
        string published = Path.Combine(RepositoryRoot.Path, "artifacts", "agent");
        (int exitCode, string output) = Judges.Run(
            "dotnet", "publish", AgentProjects[0], "-f", "net10.0", "-r", "linux-x64", "-c", "Release", "--nologo", "-v", "q", "-o", published,
            "--artifacts-path", Path.Combine(RepositoryRoot.Path, "artifacts", "agent-build"));
        return exitCode == 0 ? RunRecipe("add-agent.sh", Folder, Path.Combine(published, "vmupdate-agent")) : (exitCode, output);
    }

    private static (int ExitCode, string Output) RunRecipe(string script, params string[] arguments) =>
        Judges.Run("/bin/bash", [Path.Combine(RepositoryRoot.Path, "tests", "guest", script), .. arguments]);
}
