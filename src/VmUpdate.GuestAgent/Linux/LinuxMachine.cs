using System.Text;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Linux;

/// <summary>A Linux machine, with systemd or without.</summary>
/// <param name="noLogin">The file whose presence refuses logons.</param>
internal sealed class LinuxMachine(string noLogin = "/run/nologin") : IMachine
{
    private const string NoLoginText = "This machine is being updated. Please try again later. (vmupdate)\n";
    private static readonly TimeSpan TerminalPatience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public string Name => Environment.MachineName;

    /// <inheritdoc/>
    public string Boot { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <inheritdoc/>
    public void Restart() => Helper.RunFirst(["shutdown", "-r", "now"], ["systemctl", "reboot"], ["reboot"]);

    /// <inheritdoc/>
    public void ShutDown() => Helper.RunFirst(["shutdown", "-P", "now"], ["systemctl", "poweroff"], ["poweroff"]);

    /// <inheritdoc/>
    public IReadOnlyList<GuestSession> ListSessions() =>
        [.. LinuxSession.List().Select(session => new GuestSession(session.Leader, OneLine.Of(session.UserName, 256), session.IsActive))];

    /// <inheritdoc/>
    public void ShowMessage(int sessionId, string text)
    {
        string terminal = Find(sessionId).Terminal;
        if (terminal.Length == 0 || !terminal.All(c => char.IsAsciiLetterOrDigit(c) || c == '/'))
        {
            throw new VerbException(ReplyCodes.NotSupported, $"the session {sessionId} has no terminal to write to");
        }

        // What a terminal would take as an order is left out.
        string shown = string.Join("\r\n", text.Split('\n').Select(line => OneLine.Of(line, 4096)));
        byte[] bytes = Encoding.UTF8.GetBytes($"\r\n{shown}\r\n");
        var writing = Task.Run(() =>
        {
            using var file = new FileStream("/dev/" + terminal, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(bytes);
        });
        try
        {
            if (!writing.Wait(TerminalPatience))
            {
                throw new VerbException(ReplyCodes.Failed, $"the terminal of the session {sessionId} takes nothing");
            }
        }
        catch (AggregateException failure)
        {
            throw new VerbException(ReplyCodes.Failed, failure.InnerException!.Message);
        }
    }

    /// <inheritdoc/>
    public void LogOff(int sessionId) => Find(sessionId).LogOff();

    /// <inheritdoc/>
    public void AllowLogons(bool isAllowed)
    {
        try
        {
            if (!isAllowed && !File.Exists(noLogin))
            {
                File.WriteAllText(noLogin, NoLoginText);
            }
            else if (isAllowed && File.Exists(noLogin))
            {
                if (File.ReadAllText(noLogin) != NoLoginText)
                {
                    throw new VerbException(ReplyCodes.Failed, $"{noLogin} was written by somebody else, who refuses logons too");
                }

                File.Delete(noLogin);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ReplyCodes.Failed, failure.Message);
        }
    }

    private static LinuxSession Find(int sessionId) => LinuxSession.List().FirstOrDefault(session => session.Leader == sessionId)
        ?? throw new VerbException(ReplyCodes.Failed, $"there is no session {sessionId}");
}
