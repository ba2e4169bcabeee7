using System.Management.Automation;
using VmUpdate.PowerShell.Completion;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Chooses the host that this session's other cmdlets work on.</summary>
/// <remarks>
/// <para>
/// A host is one of QEMU or KVM machines, reached by libvirt, or a lab: a folder made by <see cref="NewVmUpdateLabCommand"/>. The connection
/// belongs to the session (the runspace); another session connects for itself. Connecting changes nothing on the host; the folder of the
/// store is made when it is not there.
/// </para>
/// <para>
/// With libvirt the disks of pooled machines are worked on where they are: connect on the host itself for that. Machines and tasks of
/// another host can be looked at over qemu+ssh.
/// </para>
/// </remarks>
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
/// <error id="HostNotReachable">there is no lab in the folder, or nothing answers at the URI.</error>
/// <error id="HostNotUsable">the lab was made by a newer version; libvirt is not installed here, or the URI is none of its.</error>
/// <error id="AccessDenied">libvirt does not let this account in.</error>
/// <error id="StoreTooOpen">others than its owner may write to the store.</error>
/// <error id="StoreNotWritable">the store's folder cannot be written.</error>
/// <error id="StoreNotLocal">the store lies on a network file system.</error>
[Cmdlet(VerbsCommunications.Connect, "VmUpdateHost", DefaultParameterSetName = ByLab)]
[OutputType(typeof(VmUpdateHost))]
public sealed class ConnectVmUpdateHostCommand : VmUpdateCmdlet
{
    private const string ByLab = "Lab";
    private const string ByLibvirt = "Libvirt";

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
        string address = ParameterSetName == ByLibvirt ? LibvirtUri : ResolvePath(LabPath);
        VmUpdateHost connected = ForAllTargets(address, () =>
        {
            VmUpdateHost host = ParameterSetName == ByLibvirt
                ? HostKinds.OfLibvirt(address, storePath, IdentityStore)
                : HostKinds.OfLab(HostKinds.OpenLab(address), storePath, IdentityStore);

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
