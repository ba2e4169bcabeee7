using System.Globalization;
using System.Text;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Linux;

/// <summary>
/// The update agent of the instructor <c>Apt</c>: refreshes the package lists, then upgrades what is installed, or installs the packages that
/// the context names. Asks nothing; keeps changed configuration files. While packages are being changed it is not broken off.
/// </summary>
/// <param name="program">The package manager, a full path.</param>
/// <param name="restartMark">The file whose presence says that a restart is needed.</param>
internal sealed class AptAgent(string program, string restartMark = "/run/reboot-required") : IUpdateAgent
{
    /// <summary>The instructor whose tasks it performs.</summary>
    public const string Instructor = "Apt";

    private const int MaxPackages = 500;

    private static readonly string[] Quiet =
    [
        "-q", "-y", "-o", "APT::Status-Fd=1", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
    ];

    /// <inheritdoc/>
    public string? WhyNot(StartTask task) => task.PayloadKind == PayloadKinds.Context
        ? null
        : $"the update agent {Instructor} takes the names of packages as context, and the payload is of the kind {task.PayloadKind}";

    /// <inheritdoc/>
    public async Task<AgentOutcome> PerformAsync(AgentWork work, CancellationToken stop)
    {
        string[] packages = Encoding.UTF8.GetString(work.ReadPayload()).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (packages.Length > MaxPackages || packages.FirstOrDefault(name => !IsPackage(name)) is not null)
        {
            return new AgentOutcome(AgentEnd.Failed, $"the context must hold at most {MaxPackages} names of packages, parted by white space, or nothing");
        }

        work.Report(RunStatus.Searching, null, "the package lists are refreshed");
        ProgramResult refreshed = await RunAsync(work, ["update", .. Quiet], stop).ConfigureAwait(false);
        if (refreshed.ExitCode != 0)
        {
            return refreshed.ToOutcome();
        }

        string[] words = packages.Length == 0 ? ["upgrade", "--with-new-pkgs", .. Quiet]
            : work.Task.Kind == "ApplicationUpgrade" ? ["install", "--only-upgrade", .. Quiet, "--", .. packages]
            : ["install", .. Quiet, "--", .. packages];
        work.Report(RunStatus.Downloading, null, "packages are fetched");
        ProgramResult fetched = await RunAsync(work, [.. words.Take(1), "--download-only", .. words.Skip(1)], stop).ConfigureAwait(false);
        if (fetched.ExitCode != 0)
        {
            return fetched.ToOutcome();
        }

        stop.ThrowIfCancellationRequested();
        work.Report(RunStatus.Applying, null, "packages are changed");
        AgentOutcome outcome = (await RunAsync(work, words, CancellationToken.None).ConfigureAwait(false)).ToOutcome();
        return outcome.End == AgentEnd.Done && File.Exists(restartMark) ? outcome with { End = AgentEnd.DoneButRestart } : outcome;
    }

    /// <summary>A package's name as Debian has it, perhaps with an architecture and a version; never an option.</summary>
    internal static bool IsPackage(string text) => text.Length is > 1 and <= 200
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.' or ':' or '=' or '~' or '_');

    private Task<ProgramResult> RunAsync(AgentWork work, string[] words, CancellationToken stop)
    {
        Dictionary<string, string> variables = TaskVariables.Of(work, string.Empty).ToDictionary(pair => pair.Key, pair => pair.Value);
        variables["DEBIAN_FRONTEND"] = "noninteractive";
        variables["NEEDRESTART_MODE"] = "l";
        variables["LC_ALL"] = "C.UTF-8";
        return ProgramRunner.RunAsync(new ProgramCall(program, words, work.Folder) { Variables = variables, OnLine = line => Hear(work, line) }, stop);
    }

    /// <summary>Lines like <c>pmstatus:package:12.5:text</c> and <c>dlstatus:1:12.5:text</c>.</summary>
    private static bool Hear(AgentWork work, string line)
    {
        string[] parts = line.Split(':', 4);
        RunStatus? status = parts[0] == "pmstatus" ? RunStatus.Applying : parts[0] == "dlstatus" ? RunStatus.Downloading : null;
        if (status is null || parts.Length < 4 || !double.TryParse(parts[2], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent))
        {
            return false;
        }

        work.Report(status.Value, (int)Math.Clamp(percent, 0, 100), parts[3]);
        return true;
    }
}
