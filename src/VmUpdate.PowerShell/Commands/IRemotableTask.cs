using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace VmUpdate.PowerShell.Commands;

/// <summary>A cmdlet that works on the queue of another computer, too. PowerShell wants its parameters on a class, and a class has one base.</summary>
internal interface IRemotableTask
{
    /// <summary>The other computers; of a piped object, its host.</summary>
    string[] ComputerName { get; }

    /// <summary>Sessions on the other computers.</summary>
    PSSession[] Session { get; }

    /// <summary>The account for the computers.</summary>
    PSCredential? Credential { get; }

    /// <summary>The endpoint of the computers.</summary>
    string ConfigurationName { get; }
}
