using System.Management.Automation;
using VmUpdate.Lab;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Chooses the host that this session's other cmdlets work on.</summary>
/// <remarks>
/// For now a host is a lab: a folder made by <see cref="NewVmUpdateLabCommand"/>. The connection belongs to the session (the runspace);
/// another session connects for itself.
/// </remarks>
/// <example>
/// Connects to a lab.
/// <code>Connect-VmUpdateHost -LabPath $lab.LabPath</code>
/// </example>
/// <example>
/// Connects to a lab, and keeps identities in memory only while machines are swapped.
/// <code>$lab | Connect-VmUpdateHost -IdentityStore Memory</code>
/// </example>
/// <error id="HostNotReachable">there is no lab in the folder.</error>
/// <error id="HostNotUsable">the lab was made by a newer version.</error>
/// <error id="StoreTooOpen">others than its owner may write to the store.</error>
/// <error id="StoreNotWritable">the store's folder cannot be written.</error>
/// <error id="StoreNotLocal">the store lies on a network file system.</error>
[Cmdlet(VerbsCommunications.Connect, "VmUpdateHost")]
[OutputType(typeof(VmUpdateHost))]
public sealed class ConnectVmUpdateHostCommand : VmUpdateCmdlet
{
    /// <summary>The lab's folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string LabPath { get; set; } = string.Empty;

    /// <summary>The folder of the journal, the declared pools and the sealed identities. It must be local, and its owner's alone.</summary>
    /// <value>a folder in the lab</value>
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
        string path = ResolvePath(LabPath);
        string? storePath = StorePath is null ? null : ResolvePath(StorePath);
        VmUpdateHost connected = ForAllTargets(path, () =>
        {
            LabHypervisor lab = HostKinds.OpenLab(path);
            VmUpdateHost host = HostKinds.OfLab(lab, storePath, IdentityStore);

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
