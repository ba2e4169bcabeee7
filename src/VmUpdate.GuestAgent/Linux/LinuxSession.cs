using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace VmUpdate.GuestAgent.Linux;

/// <summary>A session of a user.</summary>
/// <param name="Leader">Its first process, which is its number for the host.</param>
/// <param name="UserName">Who is logged on.</param>
/// <param name="Terminal">The terminal's name below /dev; empty when it has none.</param>
/// <param name="IsActive">Whether the user is there.</param>
/// <param name="Id">What systemd calls it; empty without systemd.</param>
internal sealed record LinuxSession(int Leader, string UserName, string Terminal, bool IsActive, string Id)
{
    private const string LoginControl = "loginctl";
    private const int RecordSize = 384;
    private const short UserProcess = 7;

    /// <summary>The sessions of this machine, as systemd knows them; without it, as the login records have them.</summary>
    public static IReadOnlyList<LinuxSession> List() =>
        Directory.Exists("/run/systemd/system") && Platform.FindProgram(LoginControl) is not null ? ListOfSystemd() : ListOfRecords("/run/utmp");

    /// <summary>Ends it.</summary>
    public void LogOff()
    {
        if (Id.Length > 0)
        {
            Helper.RunFirst([LoginControl, "terminate-session", Id]);
        }
        else
        {
            _ = LibC.Kill(Leader, LibC.HangUp);
        }
    }

    /// <summary>Reads login records.</summary>
    /// <param name="path">The file; none when it is not there.</param>
    /// <remarks><c>struct utmp</c> of 384 bytes: type 0 (2), process 4 (4), line 8 (32), id 40 (4), user 44 (32).</remarks>
    internal static IReadOnlyList<LinuxSession> ListOfRecords(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        byte[] bytes = SafeFile.Read(path, 4 * 1024 * 1024);
        var sessions = new List<LinuxSession>();
        for (int at = 0; at + RecordSize <= bytes.Length; at += RecordSize)
        {
            ReadOnlySpan<byte> record = bytes.AsSpan(at, RecordSize);
            int leader = BinaryPrimitives.ReadInt32LittleEndian(record[4..]);
            if (BinaryPrimitives.ReadInt16LittleEndian(record) == UserProcess && Directory.Exists($"/proc/{leader}"))
            {
                sessions.Add(new LinuxSession(leader, Text(record.Slice(44, 32)), Text(record.Slice(8, 32)), true, string.Empty));
            }
        }

        return sessions;
    }

    private static List<LinuxSession> ListOfSystemd()
    {
        var sessions = new List<LinuxSession>();
        foreach (string line in Helper.RunFirst([LoginControl, "list-sessions", "--no-legend", "--no-pager"]))
        {
            string id = line.Trim().Split(' ')[0];
            Dictionary<string, string> fields = [];
            foreach (string field in Helper.RunFirst(
                [LoginControl, "show-session", id, "--property=Name", "--property=Leader", "--property=TTY", "--property=State", "--property=Class"]))
            {
                int equals = field.IndexOf('=');
                fields[field[..Math.Max(0, equals)]] = field[(equals + 1)..];
            }

            if (fields.GetValueOrDefault("Class", string.Empty).StartsWith("user", StringComparison.Ordinal)
                && int.TryParse(fields.GetValueOrDefault("Leader"), NumberStyles.None, CultureInfo.InvariantCulture, out int leader))
            {
                bool isActive = fields.GetValueOrDefault("State") is "active" or "online";
                sessions.Add(new LinuxSession(leader, fields.GetValueOrDefault("Name", string.Empty), fields.GetValueOrDefault("TTY", string.Empty), isActive, id));
            }
        }

        return sessions;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}
