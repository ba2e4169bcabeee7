#pragma warning disable RS0030 // This is where host files are reached: the ports' own implementation.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VmUpdate.DiskFormats.Blocks.Native;

namespace VmUpdate.DiskFormats.Blocks;

/// <content>Opening, and keeping others out.</content>
internal sealed partial class HostFile
{
    private const int DefaultMode = 0x1B6; // 0666, less what the caller's umask takes away
    private const int LockAttempts = 25;
    private const int LockPauseMilliseconds = 10;

    /// <summary>Opens or makes a file.</summary>
    /// <exception cref="HostFileException">It is absent, there already, held by another, refused, or not a file.</exception>
    internal static HostFile Open(string path, HostFileMode mode, bool createNew)
    {
        if (LinuxNative.IsAvailable)
        {
            return OpenOnLinux(path, mode, createNew);
        }

        bool writes = mode == HostFileMode.ReadWrite;
        FileMode how = createNew ? FileMode.CreateNew : FileMode.Open;
        FileAccess access = writes ? FileAccess.ReadWrite : FileAccess.Read;

        // FileShare.Read for a reader: Windows then refuses the open while a writer has the file, and refuses writers afterwards.
        FileShare share = writes ? FileShare.None : FileShare.Read;
        try
        {
#if NET8_0_OR_GREATER
            SafeFileHandle handle = File.OpenHandle(path, how, access, share, FileOptions.RandomAccess);
            return Wrap(path, handle, null, writes);
#else
            var stream = new FileStream(path, how, access, share, 1, FileOptions.RandomAccess);
            return Wrap(path, stream.SafeFileHandle, stream, writes);
#endif
        }
        catch (Exception failure) when (HostFileErrors.IsForeseen(failure))
        {
            HostFileException translated = HostFileErrors.Translate(failure, path, createNew ? "creating it" : "opening it");
            throw createNew && translated.Failure == HostFileFailure.Io
                ? new HostFileException(HostFileFailure.AlreadyExists, path, "a file of that name exists.", failure)
                : translated;
        }
    }

    private static HostFile Wrap(string path, SafeFileHandle handle, FileStream? stream, bool writes)
    {
        string? identity = WindowsNative.IsAvailable ? WindowsNative.IdentityOf(handle) : null;
        return new HostFile(path, handle, stream, writes, identity);
    }

    private static HostFile OpenOnLinux(string path, HostFileMode mode, bool createNew)
    {
        bool writes = mode == HostFileMode.ReadWrite;
        int flags = (writes ? LinuxNative.OpenReadWrite : LinuxNative.OpenReadOnly) | LinuxNative.OpenCloseOnExec;

        // Not blocking: a path that a disk names may lead to a pipe, whose open would wait for ever.
        flags |= LinuxNative.OpenNonBlocking | (createNew ? LinuxNative.OpenCreate | LinuxNative.OpenExclusive : 0);
        int descriptor;
        int errno;
        do
        {
            descriptor = LinuxNative.Open(LinuxNative.ToPath(path), flags, DefaultMode);
            errno = descriptor < 0 ? Marshal.GetLastWin32Error() : 0;
        }
        while (errno == LinuxNative.Interrupted);

        if (descriptor < 0)
        {
            throw HostFileErrors.FromErrno(errno, path, createNew ? "creating it" : "opening it");
        }

        var handle = new SafeFileHandle((IntPtr)descriptor, ownsHandle: true);
        try
        {
            LinuxNative.FileStatus? status = LinuxNative.StatusOf(handle);
            if (status is not null && (status.Mode & LinuxNative.TypeMask) != LinuxNative.TypeRegular)
            {
                bool isFolder = (status.Mode & LinuxNative.TypeMask) == LinuxNative.TypeFolder;
                throw new HostFileException(
                    HostFileFailure.AccessDenied, path, isFolder ? "it is a folder, not a file." : "it is a device or a pipe, not a file.");
            }

            TakeLocks(path, handle, mode);
            return new HostFile(path, handle, null, writes, status?.Identity);
        }
        catch (HostFileException)
        {
            handle.Dispose();
            throw;
        }
    }

    private static void TakeLocks(string path, SafeFileHandle handle, HostFileMode mode)
    {
        // flock is what .NET's FileShare takes, so two processes of ours, and others on .NET, see each other by it.
        bool writes = mode == HostFileMode.ReadWrite;
        int operation = (writes ? LinuxNative.LockExclusive : LinuxNative.LockShared) | LinuxNative.LockNonBlocking;
        if (!HeldSoon(() => LinuxNative.FLock(handle, operation) == 0 || Marshal.GetLastWin32Error() != LinuxNative.TryAgain))
        {
            throw new HostFileException(
                HostFileFailure.InUse, path, writes ? "another program has it open." : "another program has it open for writing.");
        }

        if (!HeldSoon(() => QemuLocks.TryTake(handle, mode)))
        {
            throw new HostFileException(
                HostFileFailure.InUse,
                path,
                writes
                    ? "a QEMU process has it open (a running virtual machine, qemu-nbd or qemu-img)."
                    : "a QEMU process has it open for writing (a running virtual machine, qemu-nbd or qemu-img).");
        }
    }

    // A lock lives as long as the last copy of its descriptor. A program that starts a child has such a copy between fork and exec, so a lock
    // that was let go of can stand for some milliseconds more, in this process above all.
    private static bool HeldSoon(Func<bool> tryTake)
    {
        for (int attempt = 1; !tryTake(); attempt++)
        {
            if (attempt == LockAttempts)
            {
                return false;
            }

            Thread.Sleep(LockPauseMilliseconds);
        }

        return true;
    }
}
