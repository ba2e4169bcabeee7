#pragma warning disable RS0030 // This is where host files are reached: the ports' own implementation.
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks.Native;

namespace VmUpdate.DiskFormats.Blocks;

/// <summary>The host's real folders and files.</summary>
public sealed class HostFileSystem : IHostFileSystem
{
    private const uint OwnerOnlyMode = 0x1C0; // 0700
    private const int OthersMask = 0x3F; // what group and others may

    // A protected list of rights: the owner, the system and the administrators, for the folder and all that is made in it.
    private const string OwnerOnlyRights = "D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

    /// <inheritdoc/>
    public IHostFolder OpenFolder(string path)
    {
        string full = FullPath(path);
        return Directory.Exists(full)
            ? new HostFolder(full)
            : throw new HostFileException(HostFileFailure.NotFound, full, "there is no such folder.");
    }

    /// <inheritdoc/>
    public IHostFolder CreateFolder(string path, bool ownerOnly)
    {
        string full = FullPath(path);
        try
        {
            if (!ownerOnly)
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                string? above = Path.GetDirectoryName(full);
                if (!string.IsNullOrEmpty(above))
                {
                    Directory.CreateDirectory(above);
                }

                CreateOwnerOnly(full);
            }
        }
        catch (Exception failure) when (HostFileErrors.IsForeseen(failure))
        {
            throw HostFileErrors.Translate(failure, full, "making the folder");
        }

        return new HostFolder(full);
    }

    private static void CreateOwnerOnly(string path)
    {
        if (WindowsNative.IsAvailable)
        {
            CreateOwnerOnlyOnWindows(path);
            return;
        }

        if (LinuxNative.MakeFolder(LinuxNative.ToPath(path), OwnerOnlyMode) == 0)
        {
            return;
        }

        int errno = Marshal.GetLastWin32Error();
        if (!Directory.Exists(path))
        {
            throw HostFileErrors.FromErrno(errno, path, "making the folder");
        }

        // It was there before: what is kept in it must not be open to others.
        if (LinuxNative.StatusOf(path) is { } status && (status.Mode & OthersMask) != 0)
        {
            throw new HostFileException(
                HostFileFailure.AccessDenied,
                path,
                $"others than its owner may enter it (mode {Convert.ToString(status.Mode & 0x1FF, 8)}); set it to 700.");
        }
    }

    private static void CreateOwnerOnlyOnWindows(string path)
    {
        if (!WindowsNative.ConvertStringSecurityDescriptorToSecurityDescriptorW(OwnerOnlyRights, 1, out IntPtr descriptor, IntPtr.Zero))
        {
            throw HostFileErrors.FromWin32(Marshal.GetLastWin32Error(), path, "preparing the folder's rights");
        }

        try
        {
            var security = new WindowsNative.SecurityAttributes
            {
                Length = Marshal.SizeOf<WindowsNative.SecurityAttributes>(),
                Descriptor = descriptor,
            };
            if (!WindowsNative.CreateDirectoryW(path, ref security))
            {
                int error = Marshal.GetLastWin32Error();
                if (error != WindowsNative.ErrorAlreadyExists)
                {
                    throw HostFileErrors.FromWin32(error, path, "making the folder");
                }
            }
        }
        finally
        {
            _ = WindowsNative.LocalFree(descriptor);
        }
    }

    private static string FullPath(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException or PathTooLongException)
        {
            throw new HostFileException(HostFileFailure.NotFound, path, "this is not a path of this host.", failure);
        }
    }
}
