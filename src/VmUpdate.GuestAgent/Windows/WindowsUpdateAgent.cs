using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>
/// The update agent of the instructor <c>WindowsUpdate</c>: searches, downloads and installs by the Windows Update Agent's own interface
/// (Microsoft.Update.Session), from where this machine's policy says. The context names updates as KB numbers, or is empty: all that are not
/// hidden and ask nothing. A restart in between is done, and it is called again, until nothing is left. While it installs it is not broken off.
/// </summary>
internal sealed class WindowsUpdateAgent : IUpdateAgent
{
    /// <summary>The instructor whose tasks it performs.</summary>
    public const string Instructor = "WindowsUpdate";

    private const int Succeeded = 2;
    private const int SucceededWithErrors = 3;

    /// <inheritdoc/>
    public string? WhyNot(StartTask task) => task.PayloadKind == PayloadKinds.Context
        ? null
        : $"the update agent {Instructor} takes KB numbers as context, and the payload is of the kind {task.PayloadKind}";

    /// <inheritdoc/>
    public Task<AgentOutcome> PerformAsync(AgentWork work, CancellationToken stop)
    {
        string[] wanted = Encoding.UTF8.GetString(work.ReadPayload()).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (wanted.FirstOrDefault(word => !IsKbNumber(word)) is not null)
        {
            return Task.FromResult(new AgentOutcome(AgentEnd.Failed, "the context must hold KB numbers like KB5034441, parted by white space, or nothing"));
        }

        var numbers = new HashSet<string>(wanted.Select(word => word.Substring(2)));
        try
        {
            return Task.FromResult(Perform(work, numbers, stop));
        }
        catch (COMException failure)
        {
            return Task.FromResult(new AgentOutcome(
                AgentEnd.Failed, string.Format(CultureInfo.InvariantCulture, "Windows Update failed with 0x{0:X8}: {1}", failure.ErrorCode, failure.Message)));
        }
    }

    private static AgentOutcome Perform(AgentWork work, HashSet<string> wanted, CancellationToken stop)
    {
        work.Report(RunStatus.Searching, null, "Windows Update searches");
        dynamic session = Make("Microsoft.Update.Session");
        session.ClientApplicationID = "VmUpdate";
        dynamic found = session.CreateUpdateSearcher().Search("IsInstalled=0 and IsHidden=0");
        dynamic chosen = Make("Microsoft.Update.UpdateColl");
        for (int i = 0; i < (int)found.Updates.Count; i++)
        {
            dynamic update = found.Updates.Item(i);
            if (!(bool)update.InstallationBehavior.CanRequestUserInput && (wanted.Count == 0 || Names(update, wanted)))
            {
                if (!(bool)update.EulaAccepted)
                {
                    update.AcceptEula();
                }

                chosen.Add(update);
            }
        }

        int count = (int)chosen.Count;
        if (count == 0)
        {
            return new AgentOutcome(AgentEnd.Done, "no update is missing");
        }

        stop.ThrowIfCancellationRequested();
        work.Report(RunStatus.Downloading, 0, $"{count} updates are fetched");
        dynamic downloader = session.CreateUpdateDownloader();
        downloader.Updates = chosen;
        if ((int)downloader.Download().ResultCode is not (Succeeded or SucceededWithErrors))
        {
            return new AgentOutcome(AgentEnd.Failed, $"the {count} updates could not be fetched");
        }

        stop.ThrowIfCancellationRequested();
        work.Report(RunStatus.Applying, null, $"{count} updates are installed");
        dynamic installer = session.CreateUpdateInstaller();
        installer.Updates = chosen;
        return Judge(installer.Install(), chosen, count, work.Task.MayRestart);
    }

    private static AgentOutcome Judge(dynamic result, dynamic chosen, int count, bool mayRestart)
    {
        var failed = new List<string>();
        for (int i = 0; i < count; i++)
        {
            dynamic one = result.GetUpdateResult(i);
            if ((int)one.ResultCode is not (Succeeded or SucceededWithErrors))
            {
                failed.Add(string.Format(CultureInfo.InvariantCulture, "{0} (0x{1:X8})", (string)chosen.Item(i).Title, (int)one.HResult));
            }
        }

        string message = failed.Count == 0 ? $"{count} updates were installed" : $"{failed.Count} of {count} updates failed: {string.Join("; ", failed)}";
        bool needsRestart = (bool)result.RebootRequired;

        // What comes after a restart may depend on it: only then is it known whether all is there.
        AgentEnd end = needsRestart && mayRestart && failed.Count == 0 ? AgentEnd.GoesOnAfterRestart
            : failed.Count > 0 ? AgentEnd.Failed
            : needsRestart ? AgentEnd.DoneButRestart
            : AgentEnd.Done;
        return new AgentOutcome(end, message);
    }

    private static bool Names(dynamic update, HashSet<string> wanted)
    {
        dynamic numbers = update.KBArticleIDs;
        for (int i = 0; i < (int)numbers.Count; i++)
        {
            if (wanted.Contains((string)numbers.Item(i)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsKbNumber(string word) =>
        word.Length is > 2 and <= 12 && word.StartsWith("KB", StringComparison.Ordinal) && word.Skip(2).All(c => c is >= '0' and <= '9');

    private static dynamic Make(string name) => Activator.CreateInstance(Type.GetTypeFromProgID(name, throwOnError: true))!;
}
