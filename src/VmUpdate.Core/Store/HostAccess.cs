using System.Runtime.InteropServices;
using System.Text;

namespace VmUpdate.Core.Store;

/// <summary>What the host says about a path that a store needs to know: who else may write there, and whether it is on a network.</summary>
internal static partial class HostAccess
{
    private const int GroupMayWrite = 0x10; // 0020
    private const int OthersMayWrite = 0x02; // 0002
    private const int GroupAnyRight = 0x38; // 0070
    private const int OthersAnyRight = 0x07; // 0007
    private const uint OwnerReadWrite = 0x180; // 0600
    private const int AtFolderCurrent = -100;
    private const uint StatxBasic = 0x7FF;

    // linux/magic.h, and the same numbers in the sources of the file systems that are not in it
    private static readonly HashSet<uint> NetworkFileSystems =
    [
        0x6969, // NFS
        0x517B, // SMB
        0xFF534D42, // CIFS
        0xFE534D42, // SMB 2
        0x01021997, // 9P
        0x00C36400, // Ceph
        0x5346414F, // AFS
        0x73757245, // Coda
        0x0BD00BD0, // Lustre
        0x19830326, // BeeGFS
        0x47504653, // GPFS
    ];

    /// <summary>Looks for somebody besides the owner, the administrators and the system who may write to a file or folder.</summary>
    /// <param name="path">The path.</param>
    /// <returns>Who, for a message; <see langword="null"/> when nobody may, or the host cannot say.</returns>
    public static string? FindOtherWriter(string path)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return FindOtherWriterOnWindows(path);
        }

        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            return null;
        }

        StatxResult status = default;
        if (StatX(AtFolderCurrent, Terminated(path), 0, StatxBasic, ref status) != 0)
        {
            return null;
        }

        uint self = GetEffectiveUserId();
        if (status.UserId != self && status.UserId != 0)
        {
            return $"its owner, user {status.UserId},";
        }

        return (status.Mode & OthersMayWrite) != 0 ? "everybody" : (status.Mode & GroupMayWrite) != 0 ? $"its group, {status.GroupId}," : null;
    }

    /// <summary>Looks for somebody besides the owner, the administrators and the system who has any right to a file or folder.</summary>
    /// <param name="path">The path.</param>
    /// <returns>Who, for a message; <see langword="null"/> when nobody has, or the host cannot say.</returns>
    public static string? FindOtherUser(string path)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return FindOtherOnWindows(path, _ => true);
        }

        StatxResult status = default;
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || StatX(AtFolderCurrent, Terminated(path), 0, StatxBasic, ref status) != 0)
        {
            return null;
        }

        uint self = GetEffectiveUserId();
        return status.UserId != self && status.UserId != 0 ? $"its owner, user {status.UserId},"
            : (status.Mode & OthersAnyRight) != 0 ? "everybody"
            : (status.Mode & GroupAnyRight) != 0 ? $"its group, {status.GroupId},"
            : null;
    }

    /// <summary>Takes all rights to a file from all but its owner. On Windows the folder's own rights do that.</summary>
    /// <param name="path">The file's path.</param>
    public static void RestrictToOwner(string path)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            // A path that is only made up, in a test, is no file to be restricted: the result does not matter then, and else
            // the folder, which is checked, keeps others out.
            _ = ChangeMode(Terminated(path), OwnerReadWrite);
        }
    }

    /// <summary>Whether a folder lies on a network file system.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <returns><see langword="true"/> when it surely does.</returns>
    public static bool IsOnNetwork(string folder)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            const uint remoteDrive = 4;
            string root = Path.GetPathRoot(folder) ?? string.Empty;
            return folder.StartsWith(@"\\", StringComparison.Ordinal) || GetDriveTypeW(root) == remoteDrive;
        }

        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || IntPtr.Size != sizeof(long))
        {
            return false;
        }

        // struct statfs begins with the type, a long, on every 64-bit Linux; 256 bytes hold all of it.
        byte[] status = new byte[256];
        return StatFs(Terminated(folder), status) == 0 && NetworkFileSystems.Contains(BitConverter.ToUInt32(status, 0));
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, byte[] path, int flags, uint mask, ref StatxResult result);

    [DllImport("libc", EntryPoint = "statfs", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatFs(byte[] path, byte[] result);

    [DllImport("libc", EntryPoint = "chmod", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeMode(byte[] path, uint mode);

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint GetEffectiveUserId();

    /// <summary><c>struct statx</c>, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxResult
    {
        [FieldOffset(20)]
        public uint UserId;

        [FieldOffset(24)]
        public uint GroupId;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
