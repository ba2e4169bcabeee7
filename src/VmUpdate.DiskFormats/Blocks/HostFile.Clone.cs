using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks.Native;

namespace VmUpdate.DiskFormats.Blocks;

/// <content>Sharing bytes with another file, where the file system can.</content>
internal sealed partial class HostFile : IClonesRanges
{
    private const int NoSpace = 28;
    private const int DiskQuota = 122;

    /// <inheritdoc/>
    public bool TryClone(IBlockDevice source, long sourceOffset, long offset, long length)
    {
        if (!CanWrite || source is not HostFile other || !LinuxNative.IsAvailable)
        {
            return false;
        }

        var range = new LinuxNative.CloneRange
        {
            Source = (long)other._handle.DangerousGetHandle(),
            SourceOffset = (ulong)sourceOffset,
            Length = (ulong)length,
            Offset = (ulong)offset,
        };
        bool isDone = LinuxNative.Clone(_handle, LinuxNative.CloneRangeRequest, ref range) == 0;
        int errno = isDone ? 0 : Marshal.GetLastWin32Error();
        GC.KeepAlive(other);

        // Anything but a full disk is a way of saying no: other file systems, other devices, a kernel or a sandbox without the call.
        return errno is NoSpace or DiskQuota ? throw HostFileErrors.FromErrno(errno, _path, "sharing bytes with another file") : isDone;
    }
}
