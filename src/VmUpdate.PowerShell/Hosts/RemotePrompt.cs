using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Shell = System.Management.Automation.PowerShell;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>
/// Calls a cmdlet of this module in sessions on other computers, as a command with parameters and never as text: an endpoint that allows
/// no language runs nothing else.
/// </summary>
internal sealed class RemotePrompt : IDisposable
{
    /// <summary>The endpoint that is called where none is named.</summary>
    internal const string DefaultConfiguration = "VmUpdate";

    private readonly PSCmdlet _cmdlet;
    private readonly List<PSSession> _sessions = [];
    private readonly List<PSSession> _ours = [];

    private RemotePrompt(PSCmdlet cmdlet) => _cmdlet = cmdlet;

    /// <summary>Whether the user named other computers. What a piped object says of its host comes later, and does not count.</summary>
    internal static bool IsMeant(PSCmdlet cmdlet) =>
        cmdlet.MyInvocation.BoundParameters.ContainsKey("Session") || cmdlet.MyInvocation.BoundParameters.ContainsKey("ComputerName");

    /// <summary>Opens sessions. A computer that does not answer is an error, and the others go on.</summary>
    internal static RemotePrompt Open(PSCmdlet cmdlet, PSSession[] sessions, string[] computers, PSCredential? credential, string configuration)
    {
        var prompt = new RemotePrompt(cmdlet);
        prompt._sessions.AddRange(sessions);
        if (computers.Length > 0)
        {
            prompt.Connect(computers, credential, configuration);
        }

        return prompt;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PSSession session in _ours)
        {
            session.Runspace.Dispose();
        }
    }

    /// <summary>Calls the same cmdlet in each session, and writes what it writes.</summary>
    internal void Invoke(IReadOnlyDictionary<string, object?> parameters, CancellationToken stop)
    {
        string command = _cmdlet.MyInvocation.MyCommand.Name;
        foreach (PSSession session in _sessions)
        {
            using Shell shell = Shell.Create();
            shell.Runspace = session.Runspace;
            shell.AddCommand(command).AddParameters(new Hashtable(parameters.ToDictionary(pair => pair.Key, pair => pair.Value)));
            using CancellationTokenRegistration stopping = stop.Register(shell.Stop);
            Invoke(shell, session, command);
        }
    }

    private void Connect(string[] computers, PSCredential? credential, string configuration)
    {
        using Shell shell = Shell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("New-PSSession").AddParameter("ComputerName", computers).AddParameter("ConfigurationName", configuration);
        if (credential is not null)
        {
            shell.AddParameter("Credential", credential);
        }

        foreach (PSObject made in shell.Invoke())
        {
            if (made.BaseObject is PSSession session)
            {
                _sessions.Add(session);
                _ours.Add(session);
            }
        }

        foreach (ErrorRecord error in shell.Streams.Error)
        {
            _cmdlet.WriteError(error);
        }
    }

    private void Invoke(Shell shell, PSSession session, string command)
    {
        try
        {
            foreach (PSObject result in shell.Invoke())
            {
                _cmdlet.WriteObject(result);
            }
        }
        catch (RemoteException failure)
        {
            _cmdlet.WriteError(new ErrorRecord(failure, failure.ErrorRecord.FullyQualifiedErrorId.Split(',')[0], failure.ErrorRecord.CategoryInfo.Category, session.ComputerName));
        }
        catch (CommandNotFoundException failure)
        {
            _cmdlet.WriteError(new ErrorRecord(failure, "CommandNotFoundException", ErrorCategory.ObjectNotFound, $"{session.ComputerName}: {command}"));
        }

        foreach (WarningRecord warning in shell.Streams.Warning)
        {
            _cmdlet.WriteWarning($"{session.ComputerName}: {warning.Message}");
        }

        foreach (ErrorRecord error in shell.Streams.Error)
        {
            _cmdlet.WriteError(error);
        }
    }
}
