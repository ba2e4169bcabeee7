using System.Management.Automation;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV;
using VmUpdate.HyperV.Cim;
using VmUpdate.Lab;
using VmUpdate.Libvirt;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>The kinds of hosts there are: for each, how it is described and how its ports are opened.</summary>
internal static class HostKinds
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LabLookEvery = TimeSpan.FromMilliseconds(500); // its machines take milliseconds where others take minutes

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

    /// <summary>Describes a host of QEMU or KVM machines.</summary>
    /// <param name="uri">libvirt's URI.</param>
    /// <param name="storePath">The folder of the store; the host's usual one when <see langword="null"/>.</param>
    /// <param name="identities">Where identities are kept.</param>
    /// <returns>The host.</returns>
    /// <exception cref="HypervisorException">libvirt cannot be loaded, or connected to.</exception>
    internal static VmUpdateHost OfLibvirt(string uri, string? storePath, IdentityStoreKind identities)
    {
        using LibvirtHypervisor libvirt = OpenLibvirt(uri);
        string store = storePath ?? DefaultStorePath(isUsers: uri.Contains("/session"));
        return new(() => PortsOf(OpenLibvirt(uri)))
        {
            ComputerName = libvirt.HostName,
            HostId = libvirt.HostId,
            Kind = "Libvirt",
            Address = uri,
            StorePath = store,
            IdentityPath = IdentityFolderIn(store),
            IdentityStore = identities,
        };
    }

    /// <summary>Describes a Hyper-V host.</summary>
    /// <param name="connect">The way to it.</param>
    /// <param name="address">How the user named it.</param>
    /// <param name="storePath">The folder of the store; the usual one when <see langword="null"/>.</param>
    /// <param name="identities">Where identities are kept.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="guest">An account of its guests, for PowerShell Direct; <see langword="null"/> for none.</param>
    /// <returns>The host.</returns>
    /// <exception cref="HypervisorException">It has no Hyper-V, does not answer, or lets this account not in; or this is not Windows.</exception>
    internal static VmUpdateHost OfHyperV(
        Func<ICimClient> connect, string address, string? storePath, IdentityStoreKind identities, CancellationToken stop, PSCredential? guest = null)
    {
        using HyperVHypervisor hyperV = OpenHyperV(connect, stop);
        string store = storePath ?? DefaultStorePath(isUsers: false);
        return new(() => PortsOf(OpenHyperV(connect, CancellationToken.None), guest))
        {
            ComputerName = hyperV.HostName,
            HostId = hyperV.HostId,
            Kind = "HyperV",
            Address = address,
            StorePath = store,
            IdentityPath = IdentityFolderIn(store),
            IdentityStore = identities,
        };
    }

    /// <summary>Opens a lab.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The lab.</returns>
    internal static LabHypervisor OpenLab(string path) => LabHypervisor.Open(path, new LabOptions { Files = HostSession.Files });

    private static HostPorts PortsOf(LabHypervisor lab)
    {
        var agent = new HostAgent(new HostAgentOptions { Hypervisor = lab, Port = lab });
        var guests = new LabGuests(lab, agent);
        return new()
        {
            Hypervisor = lab, Metrics = lab, Sessions = guests, Guests = guests, Tasks = guests, Agent = agent, Builds = lab, LookEvery = LabLookEvery, Owned = [agent],
        };
    }

    private static HostPorts PortsOf(LibvirtHypervisor libvirt)
    {
        var agent = new HostAgent(new HostAgentOptions { Hypervisor = libvirt, Port = libvirt });
        return new()
        {
            Hypervisor = libvirt,
            Metrics = libvirt,
            Sessions = new GuestSessions(agent, libvirt),
            Guests = libvirt,
            Tasks = agent,
            Agent = agent,
            Builds = libvirt,
            LookEvery = LookEvery,
            Owned = [agent, libvirt],
        };
    }

    private static HostPorts PortsOf(HyperVHypervisor hyperV, PSCredential? guest)
    {
        PowerShellDirect? direct = guest is null ? null : PowerShellDirect.By(guest);
        var agent = new HostAgent(new HostAgentOptions { Hypervisor = hyperV, Port = hyperV });
        return new()
        {
            Hypervisor = hyperV,
            Metrics = hyperV,
            Sessions = new GuestSessions(agent, hyperV, direct),
            Guests = direct is null ? hyperV : new GuestNames(hyperV, direct),
            Tasks = agent,
            Agent = agent,
            Builds = hyperV,
            LookEvery = LookEvery,
            Owned = [agent, hyperV],
        };
    }

    private static HyperVHypervisor OpenHyperV(Func<ICimClient> connect, CancellationToken stop) => Task.Run(
        () => HyperVHypervisor.OpenAsync(connect(), new HyperVOptions { Files = HostSession.Files }, stop), stop).GetAwaiter().GetResult();

    private static LibvirtHypervisor OpenLibvirt(string uri) => LibvirtHypervisor.Open(uri, new LibvirtOptions { Files = HostSession.Files });

    /// <summary>Where what is declared and done on a host is kept: the computer's folder for such, or the user's for machines of a user.</summary>
    private static string DefaultStorePath(bool isUsers) => Path.DirectorySeparatorChar == '\\'
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "VmUpdate", "Store")
        : isUsers
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "vmupdate")
            : "/var/lib/vmupdate";

    private static string IdentityFolderIn(string storePath) => Path.Combine(storePath, "identities");
}
