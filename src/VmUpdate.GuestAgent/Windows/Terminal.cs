using System.ComponentModel;
using System.Runtime.InteropServices;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>Sessions of users, as Remote Desktop Services' own interface tells them (WTS API).</summary>
internal static class Terminal
{
    private const int UserNameField = 5;
    private const int DomainField = 7;
    private const int Active = 0;
    private const int InformationIcon = 0x40;

    /// <summary>Who is logged on.</summary>
    internal static IReadOnlyList<GuestSession> List()
    {
        if (!WTSEnumerateSessions(IntPtr.Zero, 0, 1, out IntPtr entries, out int count))
        {
            throw Failure("the sessions cannot be listed");
        }

        try
        {
            var sessions = new List<GuestSession>();
            int size = Marshal.SizeOf<SessionInfo>();
            for (int i = 0; i < count; i++)
            {
                SessionInfo entry = Marshal.PtrToStructure<SessionInfo>(entries + (i * size));
                string user = Text(entry.SessionId, UserNameField);
                if (user.Length > 0)
                {
                    sessions.Add(new GuestSession(entry.SessionId, OneLine.Of($"{Text(entry.SessionId, DomainField)}\\{user}", 256), entry.State == Active));
                }
            }

            return sessions;
        }
        finally
        {
            WTSFreeMemory(entries);
        }
    }

    /// <summary>Shows a text; nobody's answer is waited for.</summary>
    internal static void Show(int session, string title, string text)
    {
        if (!WTSSendMessage(IntPtr.Zero, session, title, title.Length * 2, text, text.Length * 2, InformationIcon, 0, out _, false))
        {
            throw Failure($"the session {session} cannot be shown a text");
        }
    }

    /// <summary>Logs a session off.</summary>
    internal static void LogOff(int session)
    {
        if (!WTSLogoffSession(IntPtr.Zero, session, false))
        {
            throw Failure($"the session {session} cannot be logged off");
        }
    }

    private static string Text(int session, int field)
    {
        if (!WTSQuerySessionInformation(IntPtr.Zero, session, field, out IntPtr text, out _))
        {
            return string.Empty;
        }

        try
        {
            return Marshal.PtrToStringUni(text) ?? string.Empty;
        }
        finally
        {
            WTSFreeMemory(text);
        }
    }

    private static VerbException Failure(string what) => new(ReplyCodes.Failed, $"{what}: {new Win32Exception(Marshal.GetLastWin32Error()).Message}");

    [DllImport("wtsapi32", EntryPoint = "WTSEnumerateSessionsW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WTSEnumerateSessions(IntPtr server, int reserved, int version, out IntPtr sessions, out int count);

    [DllImport("wtsapi32", EntryPoint = "WTSQuerySessionInformationW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WTSQuerySessionInformation(IntPtr server, int session, int field, out IntPtr text, out int length);

    [DllImport("wtsapi32", EntryPoint = "WTSSendMessageW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WTSSendMessage(
        IntPtr server, int session, string title, int titleLength, string text, int textLength, int style, int timeout, out int answer, [MarshalAs(UnmanagedType.Bool)] bool wait);

    [DllImport("wtsapi32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool WTSLogoffSession(IntPtr server, int session, [MarshalAs(UnmanagedType.Bool)] bool wait);

    [DllImport("wtsapi32")]
    private static extern void WTSFreeMemory(IntPtr memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct SessionInfo
    {
        public int SessionId;
        public IntPtr StationName;
        public int State;
    }
}
