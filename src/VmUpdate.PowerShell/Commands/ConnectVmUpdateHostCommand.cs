using System.Management.Automation;
using VmUpdate.HyperV;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Chooses the host that this session's other cmdlets work on.</summary>
/// <remarks>
/// <para>
/// A host is a Hyper-V host, one of QEMU or KVM machines, reached by libvirt, or a lab: a folder made by <see cref="NewVmUpdateLabCommand"/>. The connection
/// belongs to the session (the runspace); another session connects for itself. Connecting changes nothing on the host; the folder of the
/// store is made when it is not there.
/// </para>
/// <para>
/// The disks of pooled machines are worked on where they are: connect on the host itself for that. Machines and tasks of another host
/// can be looked at with -ComputerName or -CimSession (Hyper-V), or over qemu+ssh (libvirt).
/// </para>
/// <para>
/// Without a parameter it is this computer's Hyper-V. Hyper-V hosts are reached from Windows only, by an account that is a member of their
/// Hyper-V Administrators; on the host itself in an elevated prompt.
/// </para>
/// </remarks>
/// <example>
/// Connects to this computer's Hyper-V.
/// <code>Connect-VmUpdateHost -HyperV</code>
/// Runs on a Hyper-V host, in an elevated prompt.
/// </example>
/// <example>
/// Connects to this computer's Hyper-V, and asks guests without VmUpdate's agent by PowerShell Direct.
/// <code>Connect-VmUpdateHost -HyperV -GuestCredential (Get-Credential)</code>
/// Runs on a Hyper-V host, in an elevated prompt.
/// </example>
/// <example>
/// Connects to another Hyper-V host, by WinRM.
/// <code>Connect-VmUpdateHost -ComputerName HV01 -Credential (Get-Credential)</code>
/// Runs on Windows.
/// </example>
/// <example>
/// Connects to a lab.
/// <code>Connect-VmUpdateHost -LabPath $lab.LabPath</code>
/// </example>
/// <example>
/// Connects to a lab, and keeps identities in memory only while machines are swapped.
/// <code>$lab | Connect-VmUpdateHost -IdentityStore Memory</code>
/// </example>
/// <example>
/// Connects to the mock driver that libvirt brings along, to try things out; the machines of this computer are at qemu:///system.
/// <code>Connect-VmUpdateHost -LibvirtUri test:///default -StorePath ./store</code>
/// </example>
/// <error id="HostNotReachable">there is no lab in the folder, nothing answers at the URI, or the Hyper-V host does not answer.</error>
/// <error id="HostNotUsable">the lab was made by a newer version; libvirt is not installed here, or the URI is none of its; the computer has no Hyper-V, or this is not Windows.</error>
/// <error id="AccessDenied">libvirt or Hyper-V does not let this account in.</error>
/// <error id="StoreTooOpen">others than its owner may write to the store.</error>
/// <error id="StoreNotWritable">the store's folder cannot be written.</error>
/// <error id="StoreNotLocal">the store lies on a network file system.</error>
[Cmdlet(VerbsCommunications.Connect, "VmUpdateHost", DefaultParameterSetName = ByHyperV)]
[OutputType(typeof(VmUpdateHost))]
public sealed class ConnectVmUpdateHostCommand : VmUpdateCmdlet
{
    private const string ByHyperV = "HyperV";
    private const string ByComputer = "Computer";
    private const string BySession = "CimSession";
    private const string ByLab = "Lab";
    private const string ByLibvirt = "Libvirt";

    /// <summary>This computer's Hyper-V; so it is, too, when no parameter says where.</summary>
    [Parameter(ParameterSetName = ByHyperV)]
    public SwitchParameter HyperV { get; set; }

    /// <summary>
    /// An administrator's account in the guests: where VmUpdate's agent is not, users and names are asked with it by PowerShell Direct, users are
    /// sent messages and logged off. It is held by this session only. Guests see its password: use an account that opens nothing else.
    /// </summary>
    /// <value>guests are not asked so</value>
    [Parameter(ParameterSetName = ByHyperV)]
    [Credential]
    public PSCredential? GuestCredential { get; set; }

    /// <summary>The name of a Hyper-V host, reached by WinRM. Its machines and tasks can be worked with; its disks cannot be opened here.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByComputer)]
    [ValidateNotNullOrEmpty]
    public string ComputerName { get; set; } = string.Empty;

    /// <summary>The account to connect to the Hyper-V host with.</summary>
    /// <value>the present account</value>
    [Parameter(ParameterSetName = ByComputer)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>A session to a Hyper-V host, made by New-CimSession. It must live as long as the host is worked with.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BySession)]
    [ValidateNotNull]
    [PSTypeName("Microsoft.Management.Infrastructure.CimSession")]
    public PSObject CimSession { get; set; } = null!;

    /// <summary>The lab's folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLab)]
    [ValidateNotNullOrEmpty]
    public string LabPath { get; set; } = string.Empty;

    /// <summary>libvirt's URI: qemu:///system for the machines of this computer, qemu+ssh://root@kvm01/system for those of another.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLibvirt)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LibvirtUriCompleter))]
    public string LibvirtUri { get; set; } = string.Empty;

    /// <summary>The folder of the journal, the declared pools and the sealed identities. It must be local, and its owner's alone.</summary>
    /// <value>a folder in the lab; for other hosts /var/lib/vmupdate or ProgramData\VmUpdate\Store, or one of the user's for qemu:///session</value>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? StorePath { get; set; }

    /// <summary>Where identities are kept while a machine is swapped: Folder (sealed files) or Memory (taken again from the old disk after a crash).</summary>
    /// <value>Folder</value>
    [Parameter]
    public IdentityStoreKind IdentityStore { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string? storePath = StorePath is null ? null : ResolvePath(StorePath);
        string address = ParameterSetName switch
        {
            ByLibvirt => LibvirtUri,
            ByLab => ResolvePath(LabPath),
            ByComputer => ComputerName,
            BySession => CimSession.ToString(),
            _ => "localhost",
        };
        VmUpdateHost connected = ForAllTargets(address, () =>
        {
            VmUpdateHost host = ParameterSetName switch
            {
                ByLibvirt => HostKinds.OfLibvirt(address, storePath, IdentityStore),
                ByLab => HostKinds.OfLab(HostKinds.OpenLab(address), storePath, IdentityStore),
                ByComputer => HostKinds.OfHyperV(
                    () => HyperVConnection.ToComputer(address, Credential?.UserName ?? string.Empty, Credential?.Password), address, storePath, IdentityStore, StopToken),
                BySession => HostKinds.OfHyperV(() => HyperVConnection.ToSession(CimSession.BaseObject), address, storePath, IdentityStore, StopToken),
                _ => HostKinds.OfHyperV(HyperVConnection.ToThisComputer, address, storePath, IdentityStore, StopToken, GuestCredential),
            };

            // Now rather than at the first swap: a store that cannot be used is a reason to stop here.
            using (HostSession session = HostSession.Open(host))
            {
                _ = session.Images;
                return host;
            }
        });
        CurrentHost.Set(connected);
        WriteObject(connected);
    }
}
