using VmUpdate.Lab;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>The kinds of hosts there are: for each, how it is described and how its ports are opened.</summary>
internal static class HostKinds
{
    // A lab's machines take milliseconds where those of a host take minutes.
    private static readonly TimeSpan LabLookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Describes a lab as a host.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="storePath">The folder of the store; the lab's own when <see langword="null"/>.</param>
    /// <param name="identities">Where identities are kept.</param>
    /// <returns>The host.</returns>
    internal static VmUpdateHost OfLab(LabHypervisor lab, string? storePath = null, IdentityStoreKind identities = IdentityStoreKind.Folder) => new(() => PortsOf(OpenLab(lab.Folder)))
    {
        ComputerName = lab.HostName,
        HostId = lab.HostId,
        Kind = "Lab",
        Address = lab.Folder,
        LabPath = lab.Folder,
        StorePath = storePath ?? lab.StoreFolder,
        IdentityPath = storePath is null ? lab.IdentityFolder : IdentityFolderIn(storePath),
        IdentityStore = identities,
    };

    /// <summary>Opens a lab.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The lab.</returns>
    internal static LabHypervisor OpenLab(string path) => LabHypervisor.Open(path, new LabOptions { Files = HostSession.Files });

    private static HostPorts PortsOf(LabHypervisor lab) => new()
    {
        Hypervisor = lab, Metrics = lab, Sessions = lab, Guests = lab, Tasks = lab, LookEvery = LabLookEvery,
    };

    private static string IdentityFolderIn(string storePath) => Path.Combine(storePath, "identities");
}
