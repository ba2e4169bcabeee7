#if NET
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace VmUpdate.PowerShell.Loading;

/// <content>PowerShell 7: a load context of our own, so that two modules' versions of one assembly live side by side.</content>
internal static partial class PrivateDependencies
{
    private const string NativeProvider = "SQLitePCLRaw.provider.e_sqlite3";
    private const string NativeName = "e_sqlite3";
    private static readonly AssemblyLoadContext Context = new("VmUpdate");

    private static Assembly Load(string path)
    {
        Assembly assembly = Context.LoadFromAssemblyPath(path);
        if (assembly.GetName().Name == NativeProvider)
        {
            NativeLibrary.SetDllImportResolver(assembly, LoadNative);
        }

        return assembly;
    }

    private static IntPtr LoadNative(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != NativeName)
        {
            return IntPtr.Zero;
        }

        (string system, string file) = OperatingSystem.IsWindows() ? ("win", "e_sqlite3.dll")
            : OperatingSystem.IsMacOS() ? ("osx", "libe_sqlite3.dylib")
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? ("linux-musl", "libe_sqlite3.so")
            : ("linux", "libe_sqlite3.so");

        // Zero sends the runtime on its usual way, which finds a system-wide library where we ship none.
        return NativeLibrary.TryLoad(NativePath($"{system}-{ArchitectureName}", file), out IntPtr library) ? library : IntPtr.Zero;
    }
}
#endif
