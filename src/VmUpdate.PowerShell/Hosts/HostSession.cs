using VmUpdate.Core.Broker;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Lab;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>
/// The parts put together for one cmdlet's work on one host. It is opened by the cmdlet and closed with it: between two cmdlets no file is
/// held.
/// </summary>
public sealed class HostSession : IDisposable
{
    // A lab's machines take milliseconds where those of a host take minutes.
    private static readonly TimeSpan LabLookEvery = TimeSpan.FromMilliseconds(500);

    private readonly Lazy<UpdaterServices> _updater;

    private HostSession(VmUpdateHost host, LabHypervisor lab, VmUpdateStore store)
    {
        Host = host;
        Lab = lab;
        Store = store;
        Pools = new PoolService(lab, store);
        Broker = new BrokerServices { Store = store, Hypervisor = lab, Metrics = lab, Sessions = lab, Guests = lab, LookEvery = LabLookEvery };
        Tasks = new TaskService(Broker);
        _updater = new Lazy<UpdaterServices>(() => new UpdaterServices
        {
            Hypervisor = lab,
            Sessions = lab,
            Guests = lab,
            Store = store,
            Files = Files,
            Identities = Identities(host),
            Catalogue = IdentityCatalogue.LoadBuiltIn(),
        });
    }

    /// <summary>Where host files come from: this computer's own.</summary>
    public static IHostFileSystem Files { get; } = new HostFileSystem();

    /// <summary>The host.</summary>
    public VmUpdateHost Host { get; }

    /// <summary>The lab that plays the host.</summary>
    public LabHypervisor Lab { get; }

    /// <summary>Pools, and which machine is what.</summary>
    public PoolService Pools { get; }

    /// <summary>What was declared, tasks, runs and journals.</summary>
    public VmUpdateStore Store { get; }

    /// <summary>What the task broker works with.</summary>
    public BrokerServices Broker { get; }

    /// <summary>Update tasks.</summary>
    public TaskService Tasks { get; }

    /// <summary>The swap.</summary>
    public PooledImageUpdater Images => new(_updater.Value);

    /// <summary>Identities out of the host and onto new disks.</summary>
    public IdentityExchange Exchange => new(_updater.Value);

    /// <summary>The same, by a catalogue of the user's.</summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <returns>The service.</returns>
    public IdentityExchange ExchangeBy(IdentityCatalogue catalogue) => new(_updater.Value with { Catalogue = catalogue });

    /// <summary>Opens what a host's cmdlets work with.</summary>
    /// <param name="host">The host.</param>
    /// <returns>The session.</returns>
    /// <exception cref="VmUpdateException">The host or its store cannot be used.</exception>
    public static HostSession Open(VmUpdateHost host)
    {
        LabHypervisor lab = OpenLab(host.LabPath);
        return new HostSession(host, lab, VmUpdateStore.Open(host.StorePath, new StoreOptions { Files = Files }));
    }

    /// <summary>Opens a lab.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The lab.</returns>
    public static LabHypervisor OpenLab(string path) => LabHypervisor.Open(path, new LabOptions { Files = Files });

    /// <summary>Describes a lab as a host.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="storePath">The folder of the store; the lab's own when <see langword="null"/>.</param>
    /// <param name="identities">Where identities are kept.</param>
    /// <returns>The host.</returns>
    public static VmUpdateHost Describe(LabHypervisor lab, string? storePath, IdentityStoreKind identities) => new()
    {
        ComputerName = lab.HostName,
        HostId = lab.HostId,
        Kind = "Lab",
        LabPath = lab.Folder,
        StorePath = storePath ?? lab.StoreFolder,
        IdentityPath = storePath is null ? lab.IdentityFolder : Path.Combine(storePath, "identities"),
        IdentityStore = identities,
    };

    /// <inheritdoc/>
    public void Dispose() => Store.Dispose();

    private static IIdentityStore Identities(VmUpdateHost host) => host.IdentityStore == IdentityStoreKind.Memory
        ? new MemoryIdentityStore()
        : new FolderIdentityStore(
            Files.CreateFolder(host.IdentityPath, ownerOnly: true), SystemIdSource.Instance.NewGuid);
}
