using System.Diagnostics;
using System.Globalization;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Lab;

// Works on a lab in a process of its own.
//   work <lab>                               is its broker, and hears its guests, until the input ends
// Moves one machine of a lab, and kills itself for real after a step of the journal: as kill -9 and a crash of the host process do.
//   swap <lab> <machine> <master> <kill after this many steps; 0: never>
//   hold <lab> <machine> <master>            stops in the first step, holding the pool, until its input ends
string folder = args[1];
var files = new HostFileSystem();
LabHypervisor lab = LabHypervisor.Open(folder, new LabOptions { Files = files });
using VmUpdateStore store = VmUpdateStore.Open(lab.StoreFolder, new StoreOptions { Files = files });
if (args[0] == "work")
{
    return await WorkAsync();
}

var updater = new PooledImageUpdater(new UpdaterServices
{
    Hypervisor = lab,
    Sessions = lab,
    Guests = lab,
    Store = store,
    Files = files,
    Identities = new FolderIdentityStore(files.CreateFolder(lab.IdentityFolder, ownerOnly: true), Guid.NewGuid),
    Catalogue = IdentityCatalogue.LoadBuiltIn(),
});
int killAfter = args[0] == "swap" ? int.Parse(args[4], CultureInfo.InvariantCulture) : 0;
IReadOnlyList<PooledVmUpdateResult> results = await updater.UpdateAsync(
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
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }

        if (mode == "hold" && _steps == 1)
        {
            Console.In.ReadToEnd();
        }
    }
}
