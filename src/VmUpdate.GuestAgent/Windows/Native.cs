using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>What the .NET Framework does not offer of Windows.</summary>
internal static class Native
{
    private const uint GenericReadWrite = 0xC000_0000;
    private const uint OpenExisting = 3;
    private const uint Overlapped = 0x4000_0000;
    private const uint ReplaceAndWriteThrough = 0x1 | 0x8;

    /// <summary>Opens a device for reading and writing at the same time.</summary>
    internal static SafeFileHandle OpenDevice(string path)
    {
        SafeFileHandle handle = CreateFile(path, GenericReadWrite, 0, IntPtr.Zero, OpenExisting, Overlapped, IntPtr.Zero);
        return handle.IsInvalid ? throw Failure(path) : handle;
    }

    /// <summary>Puts a file in another's place; it is there after a loss of power too.</summary>
    internal static void MoveOver(string from, string to)
    {
        if (!MoveFileEx(from, to, ReplaceAndWriteThrough))
        {
            throw Failure(to);
        }
    }

    /// <summary>Sets a registry value of any type, bytes as they are.</summary>
    internal static void SetValue(SafeRegistryHandle key, string name, int type, byte[] data)
    {
        int error = RegSetValueEx(key, name, 0, type, data, data.Length);
        if (error != 0)
        {
            throw new IOException($"the registry value '{name}' cannot be set: {new Win32Exception(error).Message}");
        }
    }

    private static IOException Failure(string path)
    {
        var failure = new Win32Exception(Marshal.GetLastWin32Error());
        return new IOException($"{path}: {failure.Message}", failure);
    }

    [DllImport("kernel32", EntryPoint = "CreateFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    private static extern SafeFileHandle CreateFile(string path, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [DllImport("kernel32", EntryPoint = "MoveFileExW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool MoveFileEx(string from, string to, uint flags);

    [DllImport("advapi32", EntryPoint = "RegSetValueExW", CharSet = CharSet.Unicode)]
    private static extern int RegSetValueEx(SafeRegistryHandle key, string name, int reserved, int type, byte[] data, int length);
}
