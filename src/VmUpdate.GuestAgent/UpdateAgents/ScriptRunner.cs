using System.Text;
using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>
/// The update agent of the instructor <c>Script</c>: runs a script by its interpreter, or a command line without a shell. The script's file
/// never has the name that the host gave it.
/// </summary>
internal sealed class ScriptRunner : IUpdateAgent
{
    /// <summary>The instructor whose tasks it performs.</summary>
    public const string Instructor = "Script";

    /// <inheritdoc/>
    public string? WhyNot(StartTask task) => task.PayloadKind is PayloadKinds.Script or PayloadKinds.Command
        ? null
        : $"the update agent {Instructor} runs scripts and commands, and the payload is of the kind {task.PayloadKind}";

    /// <inheritdoc/>
    public async Task<AgentOutcome> PerformAsync(AgentWork work, CancellationToken stop)
    {
        byte[] payload = work.ReadPayload();
        IReadOnlyList<string> words;
        try
        {
            words = work.Task.PayloadKind == PayloadKinds.Script ? WordsOfScript(work, payload) : WordsOfCommand(payload);
        }
        catch (FormatException notRunnable)
        {
            return new AgentOutcome(AgentEnd.Failed, notRunnable.Message);
        }

        if (Platform.FindProgram(words[0]) is not { } program)
        {
            return new AgentOutcome(AgentEnd.Failed, $"the program '{words[0]}' is not on this machine");
        }

        work.Report(RunStatus.Applying, null, "the script runs");
        var call = new ProgramCall(program, [.. words.Skip(1)], work.Folder)
        {
            Variables = TaskVariables.Of(work, work.PayloadPath),
            OnLine = line => ProgramAgent.Hear(work, line),
        };
        return (await ProgramRunner.RunAsync(call, stop).ConfigureAwait(false)).ToOutcome();
    }

    private static IReadOnlyList<string> WordsOfCommand(byte[] payload)
    {
        try
        {
            return CommandWords.Split(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(payload));
        }
        catch (DecoderFallbackException notText)
        {
            throw new FormatException("the command line is not UTF-8", notText);
        }
    }

    private static IReadOnlyList<string> WordsOfScript(AgentWork work, byte[] script)
    {
        int dot = work.Task.FileName.LastIndexOf('.');
        string ending = dot < 0 ? string.Empty : work.Task.FileName.Substring(dot).ToLowerInvariant();
        Interpreter interpreter = Platform.InterpreterOf(ending, script)
            ?? throw new FormatException($"nothing on this system runs a script whose name ends with '{OneLine.Of(ending, 20)}'");
        string path = work.PayloadPath + interpreter.Ending;
        if (path != work.PayloadPath)
        {
            SafeFile.Replace(path, script);
        }

        return [.. interpreter.Words, path];
    }
}
