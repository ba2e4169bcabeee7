using System.Runtime.InteropServices;

namespace VmUpdate.HyperV.Sessions;

/// <summary>
/// Sessions in this host's virtual machines, as Remote Desktop Services list them (learn.microsoft.com/windows/win32/api/wtsapi32). It asks
/// and translates, and decides nothing.
/// </summary>
internal static class WindowsTerminalSessions
{
    private const string Library = "wtsapi32.dll";
    private const int SessionInfoLevel1 = 2; // WTSTypeSessionInfoLevel1

    /// <summary>All sessions; <see langword="null"/> when they cannot be listed.</summary>
    internal static IReadOnlyList<TerminalSession>? Read()
    {
        IntPtr server = WTSOpenServerEx(IntPtr.Zero); // this host, and the machines on it
        try
        {
            int level = 1;
            if (!WTSEnumerateSessionsEx(server, ref level, 0, out IntPtr entries, out int count))
            {
                return null;
            }

            try
            {
                int length = Marshal.SizeOf<SessionInfo>();
                return Enumerable.Range(0, count).Select(index => Translate(Marshal.PtrToStructure<SessionInfo>(entries + (index * length)))).ToList();
            }
            finally
            {
                WTSFreeMemoryEx(SessionInfoLevel1, entries, count);
            }
        }
        finally
        {
            WTSCloseServer(server);
        }
    }

    private static TerminalSession Translate(SessionInfo entry) =>
        new(TextAt(entry.HostName), entry.SessionId, TextAt(entry.DomainName), TextAt(entry.UserName), entry.State);

    private static string TextAt(IntPtr text) => Marshal.PtrToStringUni(text) ?? string.Empty;

    [DllImport(Library, EntryPoint = "WTSOpenServerExW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr WTSOpenServerEx(IntPtr name);

    [DllImport(Library, EntryPoint = "WTSEnumerateSessionsExW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WTSEnumerateSessionsEx(IntPtr server, ref int level, int filter, out IntPtr sessions, out int count);

    [DllImport(Library, EntryPoint = "WTSFreeMemoryExW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WTSFreeMemoryEx(int kind, IntPtr memory, int count);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern void WTSCloseServer(IntPtr server);

    /// <summary><c>WTS_SESSION_INFO_1W</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SessionInfo
    {
        public int ExecEnvId;
        public int State;
        public int SessionId;
        public IntPtr SessionName;
        public IntPtr HostName;
        public IntPtr UserName;
        public IntPtr DomainName;
        public IntPtr FarmName;
    }
}
