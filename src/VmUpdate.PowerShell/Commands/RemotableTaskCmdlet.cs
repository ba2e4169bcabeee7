using System.Management.Automation;
using System.Management.Automation.Runspaces;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>
/// The base of the cmdlets that work on the queue of another computer, too: there the same cmdlet is called through PowerShell remoting.
/// </summary>
public abstract class RemotableTaskCmdlet : TaskCmdlet, IRemotableTask
{
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
}
