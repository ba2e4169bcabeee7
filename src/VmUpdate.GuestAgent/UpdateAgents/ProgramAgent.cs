using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>An update agent that is a program of somebody else, added by a file.</summary>
/// <param name="registration">What the file says.</param>
internal sealed class ProgramAgent(Registration registration) : IUpdateAgent
{
    /// <summary>In an argument, stands for the payload's file.</summary>
    public const string PayloadPlaceholder = "{payload}";

    /// <inheritdoc/>
    public string? WhyNot(StartTask task) => null;

    /// <inheritdoc/>
    public async Task<AgentOutcome> PerformAsync(AgentWork work, CancellationToken stop)
    {
        byte[] payload = work.ReadPayload();
        work.Report(RunStatus.Applying, null, $"{registration.Name} works");
        string path = registration.PayloadByInput ? string.Empty : work.PayloadPath;
        var call = new ProgramCall(
            registration.Executable,
            [.. registration.Arguments.Select(argument => argument.Replace(PayloadPlaceholder, path))],
            registration.Account.Length > 0 ? Path.GetPathRoot(work.Folder)! : work.Folder)
        {
            Account = registration.Account,
            Input = registration.PayloadByInput ? payload : [],
            Variables = TaskVariables.Of(work, path),
            OnLine = line => Hear(work, line),
        };
        CancellationToken mayStop = registration.CanBreakOff ? stop : CancellationToken.None;
        return (await ProgramRunner.RunAsync(call, mayStop).ConfigureAwait(false)).ToOutcome();
    }

    /// <summary>Passes on how far a program says it is.</summary>
    /// <param name="work">The task.</param>
    /// <param name="line">A line that it printed.</param>
    /// <returns>Whether the line said so.</returns>
    internal static bool Hear(AgentWork work, string line)
    {
        if (ProgressLine.Parse(line) is not { } progress)
        {
            return false;
        }

        work.Report(progress.Status ?? RunStatus.Applying, progress.Percent, progress.Text);
        return true;
    }
}
