using System.Diagnostics;
using System.Globalization;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Lab;

// Works on a lab in a process of its own.
//   work <lab>                               is its broker, and hears its guests, until the input ends
// Moves one machine of a lab, and kills itself for real after a step of the journal: as kill -9 and a crash of the host process do.
//   swap <lab> <machine> <master> <kill after this many steps; 0: never>
//   build <lab> <pool> <kill after this many steps; 0: never>   the same with a version of the pool's master
//   hold <lab> <machine> <master>            stops in the first step, holding the pool, until its input ends
string folder = args[1];
var files = new HostFileSystem();
LabHypervisor lab = LabHypervisor.Open(folder, new LabOptions { Files = files });
using VmUpdateStore store = VmUpdateStore.Open(lab.StoreFolder, new StoreOptions { Files = files });
if (args[0] == "work")
{
    return await WorkAsync();
}

var images = new UpdaterServices
{
    Hypervisor = lab,
    Sessions = lab,
    Guests = lab,
    Store = store,
    Files = files,
    Identities = new FolderIdentityStore(files.CreateFolder(lab.IdentityFolder, ownerOnly: true), Guid.NewGuid),
    Catalogue = IdentityCatalogue.LoadBuiltIn(),
};
if (args[0] == "build")
{
    return await BuildAsync();
}

int killAfter = args[0] == "swap" ? int.Parse(args[4], CultureInfo.InvariantCulture) : 0;
IReadOnlyList<PooledVmUpdateResult> results = await new PooledImageUpdater(images).UpdateAsync(
    VmSelection.ByName(args[2]), new SwapOptions { MasterPath = args[3] }, new StepCounter(args[0], killAfter), CancellationToken.None);
Console.WriteLine($"{results[0].State} {results[0].ErrorId} {results[0].Error}");
return results[0].State is PooledVmUpdateState.Updated or PooledVmUpdateState.Current ? 0 : 1;

async Task<int> WorkAsync()
{
    using var agent = new HostAgent(new HostAgentOptions { Hypervisor = lab, Port = lab })
    {
        Requests = new GuestRequests(store, lab.HostId, SystemClock.Instance, () => WakeSignal.Send(store.Path, lab.HostId)),
    };
    var guests = new LabGuests(lab, agent);
    using TaskBroker broker = TaskBroker.Open(new BrokerServices { Store = store, Hypervisor = lab, Metrics = lab, Sessions = guests, Guests = guests });
    using var stop = new CancellationTokenSource();
    Task<BrokerReport> working = broker.RunAsync(BrokerUntil.Stopped, stop.Token, CancellationToken.None);
    Console.WriteLine("ready");
    await Console.In.ReadToEndAsync();
    await stop.CancelAsync();
    Console.WriteLine($"{(await working).Succeeded} succeeded");
    return 0;
}

async Task<int> BuildAsync()
{
    TaskPayload payload = TaskPayload.FromCommand("update");
    var task = new UpdateTask
    {
        Id = Guid.Empty, Name = "build", Kind = UpdateTaskKind.Configuration, Instructor = "Test", Payload = payload.Info, Targets = new TaskTargets(),
        Timeouts = PhaseTimeouts.Of(UpdateTaskKind.Configuration), MaxRestarts = 0, Registered = default,
    };
    var services = new VersionServices
    {
        Images = images,
        Broker = new BrokerServices { Store = store, Hypervisor = lab, Metrics = lab, Sessions = lab, Guests = lab, LookEvery = TimeSpan.FromMilliseconds(100) },
        Machines = lab,
    };
    ImageVersion version = await new ImageVersionService(services).BuildAsync(
        args[2], new BuildOptions { Task = task, Payload = payload }, new BuildCounter(int.Parse(args[3], CultureInfo.InvariantCulture)), CancellationToken.None);
    Console.WriteLine($"version {version.Number}");
    return 0;
}

internal static class Death
{
    public static void Come()
    {
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}

internal sealed class BuildCounter(int killAfter) : IProgress<BuildProgress>
{
    private BuildState? _last;
    private int _steps;

    public void Report(BuildProgress value)
    {
        if (_last == value.State)
        {
            return;
        }

        _last = value.State;
        Console.WriteLine(value.State);
        if (++_steps == killAfter)
        {
            Death.Come();
        }
    }
}

internal sealed class StepCounter(string mode, int killAfter) : IProgress<SwapProgress>
{
    private int _steps;

    public void Report(SwapProgress value)
    {
        if (value.State is null)
        {
            return;
        }

        Console.WriteLine(value.State);
        if (++_steps == killAfter)
        {
            Death.Come();
        }

        if (mode == "hold" && _steps == 1)
        {
            Console.In.ReadToEnd();
        }
    }
}
