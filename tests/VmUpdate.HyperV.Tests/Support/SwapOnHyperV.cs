using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A pooled machine of the small Hyper-V on real disks, and all that its swap needs.</summary>
internal sealed class SwapOnHyperV : IDisposable
{
    private readonly SwapWorld _world;
    private readonly SchemaCheckedClient _client;
    private readonly VmUpdateStore _store;

    private SwapOnHyperV(SwapWorld world, string disk, bool isGeneration2)
    {
        _world = world;
        OldDisk = disk;
        Machine = Small.Add(new SmallVm { IsGeneration2 = isGeneration2, GuestName = "PC-01", State = 3, Disks = { new SmallDisk { Path = disk, IsIde = !isGeneration2 } } });
        _client = new SchemaCheckedClient(Small.Connect());
        HyperV = HyperVHypervisor.OpenAsync(
            _client, new HyperVOptions { Files = new HostFileSystem(), Clock = Small.Clock, Rights = Rights }, CancellationToken.None).GetAwaiter().GetResult();
        Vm = new VmKey(HyperV.HostId, Machine.Id);
        _store = VmUpdateStore.Open(Path.Combine(world.Folder, "hyperv-store"), new StoreOptions { Files = new HostFileSystem(), Clock = Small.Clock });
    }

    internal SmallHyperV Small { get; } = new();

    internal RecordedRights Rights { get; } = new();

    internal SmallVm Machine { get; }

    internal HyperVHypervisor HyperV { get; }

    internal VmKey Vm { get; }

    internal string OldDisk { get; }

    internal string NextMaster => _world.V2;

    internal string PresentMaster => _world.V1;

    internal VmUpdateStore Store => _store;

    internal IReadOnlyCollection<string> Violations => _client.Violations;

    internal static async Task<SwapOnHyperV> CreateAsync(bool isGeneration2 = true)
    {
        SwapWorld world = await SwapWorld.CreateAsync();
        var made = new SwapOnHyperV(world, await world.BootPathAsync(), isGeneration2);
        var pools = new PoolService(made.HyperV, made._store);
        pools.Create("Sales", world.V1, null);
        await pools.DeclareAsync(made.Vm, MachineRole.Pooled, "Sales", CancellationToken.None);
        return made;
    }

    internal PooledImageUpdater Updater() => new(new UpdaterServices
    {
        Hypervisor = HyperV,
        Sessions = HyperV,
        Guests = HyperV,
        Store = _store,
        Files = new HostFileSystem(),
        Identities = _world.Identities,
        Catalogue = IdentityCatalogue.LoadBuiltIn(),
        Clock = Small.Clock,
    });

    internal async Task<PooledVmUpdateResult> UpdateAsync(bool allowManagedBy = false) => (await Updater().UpdateAsync(
        VmSelection.ById(Vm.VmId),
        new SwapOptions { MasterPath = NextMaster, AllowManagedBy = allowManagedBy, AllowUnknownSessions = true },
        null,
        CancellationToken.None)).Single();

    public void Dispose()
    {
        _store.Dispose();
        HyperV.Dispose();
        _world.Dispose();
    }
}
