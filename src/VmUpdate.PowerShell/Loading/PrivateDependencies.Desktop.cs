#if !NET
using System.ComponentModel;
using System.Reflection;
using System.Runtime.InteropServices;

namespace VmUpdate.PowerShell.Loading;

/// <content>Windows PowerShell: no load contexts. The native library is loaded by its full path, and found by its name afterwards.</content>
internal static partial class PrivateDependencies
{
    private const string NativeLoader = "SQLitePCLRaw.batteries_v2";

    private static Assembly Load(string path)
    {
        if (Path.GetFileNameWithoutExtension(path) == NativeLoader)
        {
            LoadNative();
        }

        return Assembly.LoadFrom(path);
    }

    private static void LoadNative()
    {
        string path = NativePath($"win-{ArchitectureName}", "e_sqlite3.dll");
        if (LoadLibrary(path) == IntPtr.Zero)
        {
            throw new DllNotFoundException(path, new Win32Exception());
        }
    }

    [DllImport("kernel32", EntryPoint = "LoadLibraryW", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr LoadLibrary(string path);
}
#endif
