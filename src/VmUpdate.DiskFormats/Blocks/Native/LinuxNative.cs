using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VmUpdate.DiskFormats.Blocks.Native;

/// <summary>
/// The calls of Linux's C library that .NET does not offer, or not on every framework. Constants are those that x64 and arm64 share.
/// </summary>
internal static class LinuxNative
{
    internal const int OpenReadOnly = 0;
    internal const int OpenReadWrite = 2;
    internal const int OpenCreate = 0x40;
    internal const int OpenExclusive = 0x80;
    internal const int OpenNonBlocking = 0x800;
    internal const int OpenCloseOnExec = 0x80000;

    internal const int LockShared = 1;
    internal const int LockExclusive = 2;
    internal const int LockNonBlocking = 4;

    internal const int OfdGetLock = 36;
    internal const int OfdSetLock = 37;
    internal const short ReadLock = 0;
    internal const short WriteLock = 1;
    internal const short Unlocked = 2;

    internal const int Interrupted = 4;
    internal const int TryAgain = 11;
    internal const int PermissionDenied = 13;

    /// <summary>FICLONERANGE: _IOW(0x94, 13, struct file_clone_range).</summary>
    internal const nuint CloneRangeRequest = 0x4020940D;

    internal const int TypeMask = 0xF000;
    internal const int TypeFolder = 0x4000;
    internal const int TypeRegular = 0x8000;

    private const int Library64Bit = 8;
    private const string Library = "libc";
    private const int AtFolderCurrent = -100;
    private const int AtEmptyPath = 0x1000;
    private const uint StatxBasic = 0x7FF;

    /// <summary>Whether these calls may be used: Linux, 64-bit, where <c>off_t</c> is a long.</summary>
    internal static bool IsAvailable { get; } = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) && IntPtr.Size == Library64Bit;

    /// <summary>A path as the C library wants it.</summary>
    internal static byte[] ToPath(string path) => Encoding.UTF8.GetBytes(path + '\0');

    /// <summary>Whether two files are one, and of which kind; <see langword="null"/> when the host does not say.</summary>
    internal static FileStatus? StatusOf(SafeFileHandle handle) => Status((int)handle.DangerousGetHandle(), [0], AtEmptyPath);

    /// <summary>What stands at a path; <see langword="null"/> when nothing does or the host does not say.</summary>
    internal static FileStatus? StatusOf(string path) => Status(AtFolderCurrent, ToPath(path), 0);

    [DllImport(Library, EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Open(byte[] path, int flags, int mode);

    [DllImport(Library, EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Close(int descriptor);

    [DllImport(Library, EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int FSync(int descriptor);

    [DllImport(Library, EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int FSync(SafeFileHandle descriptor);

    [DllImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int FTruncate(SafeFileHandle descriptor, long length);

    [DllImport(Library, EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int FLock(SafeFileHandle descriptor, int operation);

    [DllImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int FCntl(SafeFileHandle descriptor, int command, ref RangeLock range);

    [DllImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Clone(SafeFileHandle descriptor, nuint request, ref CloneRange range);

    [DllImport(Library, EntryPoint = "rename", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int Rename(byte[] from, byte[] to);

    [DllImport(Library, EntryPoint = "mkdir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern int MakeFolder(byte[] path, uint mode);

    [DllImport(Library, EntryPoint = "pread", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern unsafe nint PRead(SafeFileHandle descriptor, byte* buffer, nint count, long offset);

    [DllImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static extern unsafe nint PWrite(SafeFileHandle descriptor, byte* buffer, nint count, long offset);

    [DllImport(Library, EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, byte[] path, int flags, uint mask, ref StatXResult result);

    private static FileStatus? Status(int folder, byte[] path, int flags)
    {
        try
        {
            StatXResult result = default;
            return StatX(folder, path, flags, StatxBasic, ref result) == 0
                ? new FileStatus(result.Mode, result.Size, $"{result.DeviceMajor}:{result.DeviceMinor}:{result.Inode}")
                : null;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than statx: the checks that need it are left out.
            return null;
        }
    }

    /// <summary>What <c>statx</c> says of a file.</summary>
    /// <param name="Mode">Type and permission bits.</param>
    /// <param name="Length">The length, in bytes.</param>
    /// <param name="Identity">Device and inode: equal only for one and the same file.</param>
    internal sealed record FileStatus(int Mode, long Length, string Identity);

    /// <summary><c>struct flock</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RangeLock
    {
        internal short Type;
        internal short Whence;
        internal long Start;
        internal long Length;
        internal int Process;
    }

    /// <summary><c>struct file_clone_range</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CloneRange
    {
        internal long Source;
        internal ulong SourceOffset;
        internal ulong Length;
        internal ulong Offset;
    }

    /// <summary><c>struct statx</c>, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatXResult
    {
        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(40)]
        internal long Size;

        [FieldOffset(136)]
        internal uint DeviceMajor;

        [FieldOffset(140)]
        internal uint DeviceMinor;
    }
}
