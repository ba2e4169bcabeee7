using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmUpdate.DiskFormats.Blocks.Native;

/// <summary>
/// The byte locks by which QEMU's processes keep out of each other's images on Linux. They are "open file description" locks, which
/// neither <c>flock</c> nor .NET's <see cref="FileShare"/> sees.
/// </summary>
/// <remarks>
/// A holder takes a shared lock on byte 100 + n for each permission n that it uses, and on byte 200 + n for each that it does not
/// grant to others. Whoever comes next asks whether what it uses is denied (200 + n) and whether what it denies is used (100 + n).
/// </remarks>
internal static class QemuLocks
{
    private const long UsedBase = 100;
    private const long DeniedBase = 200;
    private const int PermissionCount = 5;

    // QEMU's permissions, as bits.
    private const int ConsistentRead = 1;
    private const int Write = 2;
    private const int WriteUnchanged = 4;
    private const int Resize = 8;
    private const int All = (1 << PermissionCount) - 1;

    /// <summary>Takes the locks of a reader that no writer may disturb, or of a writer that wants to be alone.</summary>
    /// <returns><see langword="false"/> when a QEMU process stands in the way. Closing the file gives the locks back.</returns>
    internal static bool TryTake(SafeFileHandle file, HostFileMode mode)
    {
        bool writes = mode == HostFileMode.ReadWrite;
        int used = writes ? ConsistentRead | Write | WriteUnchanged | Resize : ConsistentRead;
        int denied = writes ? All : Write | Resize;

        // First taken, then asked: of two that come at once at least one sees the other.
        return ForEach(used, UsedBase, start => TakeShared(file, start))
            && ForEach(denied, DeniedBase, start => TakeShared(file, start))
            && ForEach(used, DeniedBase, start => IsFree(file, start))
            && ForEach(denied, UsedBase, start => IsFree(file, start));
    }

    private static bool ForEach(int permissions, long first, Func<long, bool> holds)
    {
        for (int bit = 0; bit < PermissionCount; bit++)
        {
            if ((permissions & (1 << bit)) != 0 && !holds(first + bit))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TakeShared(SafeFileHandle file, long start)
    {
        var range = new LinuxNative.RangeLock { Type = LinuxNative.ReadLock, Start = start, Length = 1 };

        // A file system without such locks refuses with another error: then flock alone has to do.
        return LinuxNative.FCntl(file, LinuxNative.OfdSetLock, ref range) == 0
            || Marshal.GetLastWin32Error() is not (LinuxNative.TryAgain or LinuxNative.PermissionDenied);
    }

    private static bool IsFree(SafeFileHandle file, long start)
    {
        var range = new LinuxNative.RangeLock { Type = LinuxNative.WriteLock, Start = start, Length = 1 };
        return LinuxNative.FCntl(file, LinuxNative.OfdGetLock, ref range) != 0 || range.Type == LinuxNative.Unlocked;
    }
}
