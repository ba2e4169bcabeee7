using System.Runtime.InteropServices;

namespace VmUpdate.GuestAgent;

/// <summary>What .NET does not offer of the C library.</summary>
internal static partial class LibC
{
    internal const int HangUp = 1;

    private const int CurrentFolder = -100;
    private const int DoNotFollowLinks = 0x100;
    private const uint BasicFields = 0x7FF;

    /// <summary>Who owns a file, and its mode; links are not followed.</summary>
    /// <remarks><c>struct statx</c> is the same on every architecture: uid at 20, mode at 28.</remarks>
    internal static unsafe (uint Owner, ushort Mode)? StatusOf(string path)
    {
        byte* buffer = stackalloc byte[256];
        return StatX(CurrentFolder, path, DoNotFollowLinks, BasicFields, buffer) == 0 ? (*(uint*)(buffer + 20), *(ushort*)(buffer + 28)) : null;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Flush(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* buffer);
}
