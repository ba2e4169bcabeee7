using System.Runtime.InteropServices;

namespace VmUpdate.Libvirt.Native;

/// <summary>What libvirt says went wrong in this thread's last call.</summary>
/// <param name="Code">Its <c>virErrorNumber</c>.</param>
/// <param name="Errno">The system's number behind it; 0 when there is none.</param>
/// <param name="Message">Its sentence.</param>
/// <remarks><c>virError</c> on 64-bit Linux: code 0, domain 4, message 8, level 16, connection 24, domain 32, three texts 40-63, int1 64.</remarks>
internal readonly record struct LibvirtError(int Code, int Errno, string Message)
{
    internal const int Internal = 1;
    internal const int NoSupport = 3;
    internal const int UnknownHost = 4;
    internal const int NoConnect = 5;
    internal const int InvalidDomain = 7;
    internal const int InvalidArgument = 8;
    internal const int OperationDenied = 29;
    internal const int SystemError = 38;
    internal const int Rpc = 39;
    internal const int NoDomain = 42;
    internal const int AuthFailed = 45;
    internal const int OperationInvalid = 55;
    internal const int OperationTimeout = 68;
    internal const int ArgumentUnsupported = 74;
    internal const int AuthCancelled = 79;
    internal const int NoMetadata = 80;
    internal const int AgentUnresponsive = 86;
    internal const int ResourceBusy = 87;
    internal const int AccessDenied = 88;

    private const int MessageOffset = 8;
    private const int ErrnoOffset = 64;

    /// <summary>Reads the calling thread's error. It must be the thread of the call, and no other call may stand between.</summary>
    internal static LibvirtError Last()
    {
        IntPtr error = VirApi.GetLastError();
        if (error == IntPtr.Zero)
        {
            return new LibvirtError(0, 0, "libvirt gave no reason");
        }

        int code = Marshal.ReadInt32(error);
        string message = Utf8.Read(Marshal.ReadIntPtr(error, MessageOffset));
        int errno = code == SystemError ? Marshal.ReadInt32(error, ErrnoOffset) : 0;
        VirApi.ResetLastError();
        return new LibvirtError(code, errno, message);
    }
}
