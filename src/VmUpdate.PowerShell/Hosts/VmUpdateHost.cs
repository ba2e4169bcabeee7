namespace VmUpdate.PowerShell.Hosts;

/// <summary>A host of virtual machines that this session works on.</summary>
public sealed class VmUpdateHost
{
    private readonly Func<HostPorts> _openPorts;

    internal VmUpdateHost(Func<HostPorts> openPorts) => _openPorts = openPorts;

    /// <summary>The host's name.</summary>
    public required string ComputerName { get; init; }

    /// <summary>The host's id, which stays when its name changes.</summary>
    public required string HostId { get; init; }

    /// <summary>What kind of host it is: <c>Lab</c>, <c>Libvirt</c> or <c>HyperV</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Where it was connected to: a lab's folder, libvirt's URI, or a Hyper-V host's name.</summary>
    public required string Address { get; init; }

    /// <summary>The lab's folder; empty for other hosts.</summary>
    public string LabPath { get; init; } = string.Empty;

    /// <summary>The folder of the journal and the declared pools.</summary>
    public required string StorePath { get; init; }

    /// <summary>The folder of the sealed identities.</summary>
    public required string IdentityPath { get; init; }

    /// <summary>Where identities are kept while a machine is swapped.</summary>
    public required IdentityStoreKind IdentityStore { get; init; }

    /// <inheritdoc/>
    public override string ToString() => ComputerName;

    /// <summary>Connects to it, for one cmdlet's work.</summary>
    internal HostPorts OpenPorts() => _openPorts();
}
