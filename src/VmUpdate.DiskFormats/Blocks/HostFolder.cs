#pragma warning disable RS0030 // This is where host files are reached: the ports' own implementation.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VmUpdate.DiskFormats.Blocks.Native;

namespace VmUpdate.DiskFormats.Blocks;

/// <summary>A folder of the host.</summary>
/// <param name="path">The folder's full path.</param>
internal sealed class HostFolder(string path) : IHostFolder
{
    /// <inheritdoc/>
    public string Path { get; } = path;

    /// <inheritdoc/>
    public long FreeBytes
    {
        get
        {
            if (WindowsNative.IsAvailable)
            {
                return WindowsNative.GetDiskFreeSpaceExW(Path, out long free, IntPtr.Zero, IntPtr.Zero)
                    ? free
                    : throw HostFileErrors.FromWin32(Marshal.GetLastWin32Error(), Path, "asking for the free room");
            }

            return Guard(Path, "asking for the free room", () => new DriveInfo(Path).AvailableFreeSpace);
        }
    }

    /// <inheritdoc/>
    public IBlockFile Create(string name) => HostFile.Open(PathOf(name), HostFileMode.ReadWrite, createNew: true);

    /// <inheritdoc/>
    public IBlockFile Open(string name, HostFileMode mode) => HostFile.Open(PathOf(name), mode, createNew: false);

    /// <inheritdoc/>
    public bool Exists(string name) => File.Exists(PathOf(name));

    /// <inheritdoc/>
    public IReadOnlyList<string> Enumerate() => Guard(
        Path,
        "listing the folder",
        () => Directory.EnumerateFiles(Path).Select(file => System.IO.Path.GetFileName(file)).ToArray());

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        string source = PathOf(from);
        string target = PathOf(to);
        if (WindowsNative.IsAvailable)
        {
            if (!WindowsNative.MoveFileExW(source, target, WindowsNative.MoveReplaceExisting | WindowsNative.MoveWriteThrough))
            {
                throw HostFileErrors.FromWin32(Marshal.GetLastWin32Error(), source, $"renaming it to '{to}'");
            }
        }
        else if (LinuxNative.Rename(LinuxNative.ToPath(source), LinuxNative.ToPath(target)) != 0)
        {
            throw HostFileErrors.FromErrno(Marshal.GetLastWin32Error(), source, $"renaming it to '{to}'");
        }
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        string target = PathOf(name);
        Guard(target, "deleting it", () =>
        {
            File.Delete(target);
            return 0;
        });
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (WindowsNative.IsAvailable)
        {
            FlushOnWindows();
            return;
        }

        int descriptor = LinuxNative.Open(LinuxNative.ToPath(Path), LinuxNative.OpenReadOnly, 0);
        if (descriptor < 0)
        {
            throw HostFileErrors.FromErrno(Marshal.GetLastWin32Error(), Path, "opening the folder to make it durable");
        }

        int result = LinuxNative.FSync(descriptor);
        int errno = result == 0 ? 0 : Marshal.GetLastWin32Error();
        _ = LinuxNative.Close(descriptor);
        if (result != 0)
        {
            throw HostFileErrors.FromErrno(errno, Path, "making the folder durable");
        }
    }

    private void FlushOnWindows()
    {
        // NTFS journals its folders, and a file's own flush carries the journal with it; flushing the folder's handle asks for the
        // rest. File systems that refuse it (network shares) keep that promise on their server or not at all.
        using SafeFileHandle folder = WindowsNative.CreateFileW(
            Path, WindowsNative.GenericWrite, WindowsNative.ShareAll, IntPtr.Zero, WindowsNative.OpenExisting, WindowsNative.BackupSemantics, IntPtr.Zero);
        if (!folder.IsInvalid)
        {
            _ = WindowsNative.FlushFileBuffers(folder);
        }
    }

    /// <summary>The path of an entry. A name that is a path is refused: nothing leaves the folder by its name.</summary>
    private string PathOf(string name)
    {
        bool bad = name.Length == 0 || name is "." or ".."
            || name.IndexOfAny(['/', '\0', System.IO.Path.DirectorySeparatorChar]) >= 0
            || (WindowsNative.IsAvailable && name.IndexOf(':') >= 0);
        return bad
            ? throw new HostFileException(HostFileFailure.NotFound, Path, $"'{name}' is not the name of a file in this folder.")
            : System.IO.Path.Combine(Path, name);
    }

    private static T Guard<T>(string subject, string what, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (HostFileErrors.IsForeseen(failure))
        {
            throw HostFileErrors.Translate(failure, subject, what);
        }
    }
}
