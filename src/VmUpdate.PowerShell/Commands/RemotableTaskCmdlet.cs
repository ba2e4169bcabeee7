using System.Management.Automation;
using System.Management.Automation.Runspaces;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>
/// The base of the cmdlets that work on the queue of another computer, too: there the same cmdlet is called through PowerShell remoting.
/// </summary>
public abstract class RemotableTaskCmdlet : TaskCmdlet
{
    private RemotePrompt? _remote;

    /// <summary>
    /// Computers whose queue is meant, reached through PowerShell remoting. Where an object that is piped in names its host, that must be
    /// the connected one.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("CN")]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = [];

    /// <summary>Sessions (New-PSSession) on the computers whose queue is meant.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public PSSession[] Session { get; set; } = [];

    /// <summary>The account for -ComputerName; your own without it.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The endpoint (session configuration) of -ComputerName.</summary>
    /// <value>VmUpdate</value>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string ConfigurationName { get; set; } = RemotePrompt.DefaultConfiguration;

    /// <inheritdoc/>
    private protected override bool NeedsHost => !RemotePrompt.IsMeant(this);

    /// <inheritdoc/>
    private protected override void Begin()
    {
        // Asked once: later on a piped object may say what its host is.
        if (!NeedsHost)
        {
            _remote = RemotePrompt.Open(this, Session, ComputerName, Credential, ConfigurationName);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _remote?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Whether other computers are meant.</summary>
    /// <returns>Whether they are.</returns>
    private protected bool WorksThere() => _remote is not null;

    /// <summary>Calls this cmdlet on the other computers, when they are meant.</summary>
    /// <param name="parameters">What it is told there, instead of what it was told here.</param>
    /// <returns>Whether they are meant.</returns>
    private protected bool IsDoneThere(IReadOnlyDictionary<string, object?> parameters)
    {
        _remote?.Invoke(parameters, StopToken);
        return _remote is not null;
    }

    /// <summary>Whether what is bound now is of another host than the connected one; the error is written.</summary>
    /// <param name="target">What is bound.</param>
    /// <returns>Whether it is.</returns>
    private protected bool IsOfAnotherHost(string target)
    {
        string? other = _remote is null ? Array.Find(ComputerName, name => !string.Equals(name, HostName, StringComparison.OrdinalIgnoreCase)) : null;
        if (other is not null)
        {
            WriteError(CommandErrors.WrongHost(target, other, HostName));
        }

        return other is not null;
    }
}
