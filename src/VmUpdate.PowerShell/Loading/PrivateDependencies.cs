using System.Reflection;
using System.Runtime.InteropServices;

namespace VmUpdate.PowerShell.Loading;

/// <summary>
/// Finds what the module ships in <c>deps</c>: the assemblies, whatever version was asked for (PowerShell reads no binding
/// redirects), and SQLite's native library, which lies in <c>runtimes/&lt;runtime id&gt;</c> below it.
/// </summary>
internal static partial class PrivateDependencies
{
    private static readonly string ModuleFolder = Path.GetDirectoryName(typeof(PrivateDependencies).Assembly.Location)!;
    private static readonly string Folder = Path.Combine(ModuleFolder, "deps");
    private static readonly object Gate = new();
    private static readonly Dictionary<string, Assembly> Loaded = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Answers the runtime's question for an assembly it did not find, when the asker is of this module.</summary>
    internal static Assembly? Resolve(object? sender, ResolveEventArgs question)
    {
        if (question.RequestingAssembly is not { } asker || !IsOfThisModule(asker))
        {
            return null;
        }

        string name = new AssemblyName(question.Name).Name ?? string.Empty;
        lock (Gate)
        {
            if (Loaded.TryGetValue(name, out Assembly? known))
            {
                return known;
            }

            string path = Path.Combine(Folder, name + ".dll");
#pragma warning disable RS0030 // The ports to host files are in an assembly that may be waiting for this one.
            if (!File.Exists(path))
            {
                return null;
            }
#pragma warning restore RS0030

            Assembly assembly = Load(path);
            Loaded.Add(name, assembly);
            return assembly;
        }
    }

    private static bool IsOfThisModule(Assembly assembly) =>
        !assembly.IsDynamic && assembly.Location.StartsWith(ModuleFolder + Path.DirectorySeparatorChar, StringComparison.OrdinalIgnoreCase);

    private static string NativePath(string runtime, string file) => Path.Combine(Folder, "runtimes", runtime, file);

    private static string ArchitectureName => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => "x64",
        Architecture.X86 => "x86",
        Architecture.Arm64 => "arm64",
        _ => "unknown",
    };
}
