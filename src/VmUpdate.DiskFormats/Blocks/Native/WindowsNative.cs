using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmUpdate.DiskFormats.Blocks.Native;

/// <summary>The calls of Windows that .NET does not offer, or not on every framework.</summary>
internal static class WindowsNative
{
    internal const int ErrorHandleEndOfFile = 38;
    internal const int ErrorAlreadyExists = 183;
    internal const uint MoveReplaceExisting = 1;
    internal const uint MoveWriteThrough = 8;
    internal const uint GenericWrite = 0x40000000;
    internal const uint ShareAll = 7;
    internal const uint OpenExisting = 3;
    internal const uint BackupSemantics = 0x02000000;

    private const string Library = "kernel32.dll";

    internal static bool IsAvailable { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern unsafe bool ReadFile(SafeFileHandle file, byte* buffer, int count, out int done, NativeOverlapped* place);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern unsafe bool WriteFile(SafeFileHandle file, byte* buffer, int count, out int done, NativeOverlapped* place);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern bool FlushFileBuffers(SafeFileHandle file);

    [DllImport(Library, CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    internal static extern SafeFileHandle CreateFileW(
        string path, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [DllImport(Library, CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern bool MoveFileExW(string from, string to, uint flags);

    [DllImport(Library, CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern bool GetDiskFreeSpaceExW(string folder, out long freeToCaller, IntPtr total, IntPtr free);

    [DllImport(Library, CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern bool CreateDirectoryW(string path, ref SecurityAttributes security);

    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static extern bool ConvertStringSecurityDescriptorToSecurityDescriptorW(
        string text, uint revision, out IntPtr descriptor, IntPtr length);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    internal static extern IntPtr LocalFree(IntPtr memory);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandle(SafeFileHandle file, out FileInformation information);

    /// <summary>Volume and file index: equal only for one and the same file; <see langword="null"/> when the host does not say.</summary>
    internal static string? IdentityOf(SafeFileHandle file) =>
        GetFileInformationByHandle(file, out FileInformation information)
            ? $"{information.VolumeSerialNumber:x}:{information.IndexHigh:x}:{information.IndexLow:x}"
            : null;

    [StructLayout(LayoutKind.Sequential)]
    internal struct SecurityAttributes
    {
        internal int Length;
        internal IntPtr Descriptor;
        internal int InheritHandle;
    }

    [StructLayout(LayoutKind.Explicit, Size = 52)]
    private struct FileInformation
    {
        [FieldOffset(28)]
        internal uint VolumeSerialNumber;

        [FieldOffset(44)]
        internal uint IndexHigh;

        [FieldOffset(48)]
        internal uint IndexLow;
    }
}
