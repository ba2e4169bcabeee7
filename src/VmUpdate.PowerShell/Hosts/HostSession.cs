using VmUpdate.Core.Broker;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>
/// The parts put together for one cmdlet's work on one host. It is opened by the cmdlet and closed with it: between two cmdlets no file is
/// held.
/// </summary>
public sealed class HostSession : IDisposable
{
    private readonly HostPorts _ports;
    private readonly Lazy<UpdaterServices> _updater;

    private HostSession(VmUpdateHost host, HostPorts ports, VmUpdateStore store)
    {
        _ports = ports;
        Host = host;
        Store = store;
        Pools = new PoolService(ports.Hypervisor, store);
        Broker = new BrokerServices
        {
            Store = store,
            Hypervisor = ports.Hypervisor,
            Metrics = ports.Metrics,
            Sessions = ports.Sessions,
            Guests = ports.Tasks,
            LookEvery = ports.LookEvery,
        };
        Tasks = new TaskService(Broker);
        if (ports.Agent is { } agent)
        {
            agent.Requests = new GuestRequests(store, host.HostId, Broker.Clock, () => Tasks.WakeBroker());
        }

        _updater = new Lazy<UpdaterServices>(() => new UpdaterServices
        {
            Hypervisor = ports.Hypervisor,
            Sessions = ports.Sessions,
            Guests = ports.Guests,
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

    /// <summary>Versions of masters.</summary>
    public ImageVersionService Versions => new(new VersionServices { Images = _updater.Value, Broker = Broker, Machines = _ports.Builds });

    /// <summary>Opens what a host's cmdlets work with.</summary>
    /// <param name="host">The host.</param>
    /// <returns>The session.</returns>
    /// <exception cref="VmUpdateException">The host or its store cannot be used.</exception>
    public static HostSession Open(VmUpdateHost host)
    {
        HostPorts ports = host.OpenPorts();
        try
        {
            return new HostSession(host, ports, VmUpdateStore.Open(host.StorePath, new StoreOptions { Files = Files }));
        }
        catch
        {
            ports.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ports.Dispose();
        Store.Dispose();
    }

    private static IIdentityStore Identities(VmUpdateHost host) => host.IdentityStore == IdentityStoreKind.Memory
        ? new MemoryIdentityStore()
        : new FolderIdentityStore(
            Files.CreateFolder(host.IdentityPath, ownerOnly: true), SystemIdSource.Instance.NewGuid);
}
