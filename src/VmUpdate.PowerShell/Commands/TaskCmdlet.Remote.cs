using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <content>The queue of another computer: there the same cmdlet is called through PowerShell remoting.</content>
public abstract partial class TaskCmdlet
{
    private RemotePrompt? _remote;

    /// <inheritdoc/>
    private protected override bool NeedsHost => this is not IRemotableTask || !RemotePrompt.IsMeant(this);

    /// <inheritdoc/>
    private protected override void Begin()
    {
        // Asked once: later on a piped object may say what its host is.
        if (!NeedsHost && this is IRemotableTask there)
        {
            _remote = RemotePrompt.Open(this, there.Session, there.ComputerName, there.Credential, there.ConfigurationName);
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
    /// <param name="computers">The hosts that it says.</param>
    /// <returns>Whether it is.</returns>
    private protected bool IsOfAnotherHost(string target, string[] computers)
    {
        string? other = _remote is null ? Array.Find(computers, IsAnotherHost) : null;
        if (other is not null)
        {
            WriteError(CommandErrors.WrongHost(target, other, HostName));
        }

        return other is not null;
    }
}
