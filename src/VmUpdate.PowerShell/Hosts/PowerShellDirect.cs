using System.Globalization;
using System.Management.Automation;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.GuestProtocol;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>Guests of this computer's Hyper-V with a Windows, asked by PowerShell Direct: by no network, with an account of theirs.</summary>
/// <param name="run">
/// Runs a script with arguments in the guest of a machine, and gives the lines that it writes. It fails with a
/// <see cref="RuntimeException"/>; the token ends it.
/// </param>
/// <param name="patience">How long a guest may take for one answer.</param>
internal sealed class PowerShellDirect(
    Func<Guid, string, object[], CancellationToken, Task<IReadOnlyList<string>>> run, TimeSpan patience) : IUserSessions, IGuestChannel
{
    /// <summary>How many lines of a guest are taken.</summary>
    internal const int MostLines = 1024;

    private const int LongestLine = 1024;
    private const int LongestName = 255;

    // A user has a shell: the desktop's, that of a RemoteApp, or one that is about to begin. Whose it is must be told, or nothing is known.
    private const string ListSessions =
        """
        $ErrorActionPreference = 'Stop'
        'sessions'
        Get-CimInstance -ClassName Win32_Process -Filter "Name='explorer.exe' OR Name='rdpshell.exe' OR Name='userinit.exe'" | ForEach-Object {
            $owner = Invoke-CimMethod -InputObject $_ -MethodName GetOwner
            if ($owner.ReturnValue -ne 0) { throw "The owner of process $($_.ProcessId) is not told ($($owner.ReturnValue))." }
            "$($_.SessionId)|$($owner.Domain)\$($owner.User)"
        }
        """;

    // The spaces keep the text one argument, and no option, for every version of PowerShell and whatever is in it.
    private const string ShowMessage =
        """
        param([int] $Session, [string] $Text)
        $ErrorActionPreference = 'Stop'
        $null = & msg.exe $Session (' ' + $Text.Replace('"', "'") + ' ')
        if ($LASTEXITCODE -ne 0) { throw "msg.exe ended with $LASTEXITCODE." }
        """;

    private const string EndSession =
        """
        param([int] $Session)
        $ErrorActionPreference = 'Stop'
        $null = & logoff.exe $Session
        if ($LASTEXITCODE -ne 0) { throw "logoff.exe ended with $LASTEXITCODE." }
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Guests by an account of theirs.</summary>
    /// <param name="credential">The account; it is held in memory only.</param>
    /// <returns>The way to them.</returns>
    internal static PowerShellDirect By(PSCredential credential) => new(new DirectCall(credential).RunAsync, TimeSpan.FromMinutes(1));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation)
    {
        try
        {
            // Without its first line it is not the script's answer, and nobody's absence follows from it.
            IReadOnlyList<string> lines = await AskAsync(vm, ListSessions, [], patience, cancellation).ConfigureAwait(false);
            List<UserSession?> sessions = lines.Skip(1).Select(Read).ToList();
            return lines.Count > 0 && lines[0] == "sessions" && !sessions.Contains(null)
                ? sessions.OfType<UserSession>().GroupBy(session => session.Id).Select(shells => shells.First()).ToList()
                : null;
        }
        catch (GuestException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="GuestException">The guest is not reached, or refuses.</exception>
    public Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation) => message.Length > ProtocolLimits.MaxTextLength
        ? throw new GuestException(
            GuestFailure.GuestRefused, vm.VmId.ToString(), $"a message has at most {ProtocolLimits.MaxTextLength} characters, and this one {message.Length}.")
        : AskAsync(vm, ShowMessage, [session, message], patience, cancellation);

    /// <inheritdoc/>
    /// <exception cref="GuestException">The guest is not reached, or refuses.</exception>
    public Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation) => AskAsync(vm, EndSession, [session], patience, cancellation);

    /// <inheritdoc/>
    public async Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        for (TimeSpan end = SystemClock.Instance.Monotonic + timeout; ;)
        {
            TimeSpan left = end - SystemClock.Instance.Monotonic;
            if (left <= TimeSpan.Zero)
            {
                return GuestReply.Silent;
            }

            try
            {
                IReadOnlyList<string> lines = await AskAsync(vm, "[Environment]::MachineName", [], left < patience ? left : patience, cancellation).ConfigureAwait(false);
                if (lines.Count == 1 && lines[0].Length is > 0 and <= LongestName && !lines[0].Any(char.IsControl))
                {
                    return new GuestReply(GuestReplyKind.Answered, lines[0]);
                }
            }
            catch (GuestException)
            {
                // It may be about to start.
            }

            await SystemClock.Instance.Delay(Pause < left ? Pause : left, cancellation).ConfigureAwait(false);
        }
    }

    private static UserSession? Read(string line)
    {
        int separator = line.IndexOf('|');
        return line.Length <= LongestLine && separator > 0 && separator < line.Length - 1
            && int.TryParse(line.Substring(0, separator), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? new UserSession(id, GuestWords.Shown(line.Substring(separator + 1)), IsActive: true)
                : null;
    }

    private async Task<IReadOnlyList<string>> AskAsync(VmKey vm, string script, object[] arguments, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            Task<IReadOnlyList<string>> running = run(vm.VmId, script, arguments, limit.Token);
            if (await Task.WhenAny(running, SystemClock.Instance.Delay(timeout, limit.Token)).ConfigureAwait(false) != running)
            {
                cancellation.ThrowIfCancellationRequested();
                throw NotReached(vm, $"it did not answer within {timeout.TotalSeconds:0.#} seconds");
            }

            IReadOnlyList<string> lines = await running.ConfigureAwait(false);
            return lines.Count <= MostLines ? lines : throw NotReached(vm, $"it wrote more than {MostLines} lines");
        }
        catch (RuntimeException failure)
        {
            cancellation.ThrowIfCancellationRequested();

            // Its words may be the guest's: they are bounded, and nothing in them moves a cursor.
            throw NotReached(vm, GuestWords.Shown(failure.Message), failure);
        }
        finally
        {
            limit.Cancel();
        }
    }

    private static GuestException NotReached(VmKey vm, string why, Exception? inner = null) =>
        new(GuestFailure.GuestNotReached, vm.VmId.ToString(), $"its guest did not do it by PowerShell Direct: {why}", inner);
}
