using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.World;

/// <summary>A broker in a process of its own, killed by the operating system at random moments and started again.</summary>
public static class KillCampaign
{
    private static readonly VmPowerState[] Powers = [VmPowerState.Saved, VmPowerState.Off, VmPowerState.Paused, VmPowerState.Running];

    /// <summary>What the child process does: works as the host's broker until nothing is left.</summary>
    /// <param name="folder">The campaign's folder.</param>
    /// <returns>Completes when nothing is left.</returns>
    public static async Task RunBrokerAsync(string folder)
    {
        using var host = new FileHost(Path.Combine(folder, "host"));
        using VmUpdateStore store = OpenStore(folder);
        using TaskBroker broker = TaskBroker.Open(new BrokerServices
        {
            Store = store, Hypervisor = host, Metrics = host, Sessions = host, Guests = host,
            LookEvery = TimeSpan.FromMilliseconds(50), AskStoreEvery = TimeSpan.FromMilliseconds(100),
        });
        Console.WriteLine("ready");
        await broker.RunAsync(BrokerUntil.Empty, CancellationToken.None, CancellationToken.None);
    }

    /// <summary>Kills brokers, then lets one come to the end, and looks whether anything was lost.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="child">The program and the arguments that run <see cref="RunBrokerAsync"/>; the folder is added.</param>
    /// <param name="seed">Where the moments come from.</param>
    /// <param name="kills">How many.</param>
    /// <returns>How many kills hit a broker that still had work.</returns>
    /// <exception cref="SimulationFailedException">Something was lost.</exception>
    public static async Task<int> RunAsync(string folder, IReadOnlyList<string> child, int seed, int kills)
    {
        using var host = new FileHost(Path.Combine(folder, "host"));
        using VmUpdateStore store = OpenStore(folder);
        var chance = new Random(seed);
        var found = new Dictionary<VmKey, VmPowerState>();
        int hits = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            if (store.GetOpenRuns(host.HostId).Count < 4)
            {
                AddWork(store, host, found, kill);
            }

            using Process broker = Start(child, folder);
            await broker.StandardOutput.ReadLineAsync();
            await Task.Delay(chance.Next(0, 400));
            hits += broker.HasExited ? 0 : 1;
            broker.Kill();
            await broker.WaitForExitAsync();
            CheckReported(store, host, found, seed, kill);
        }

        using (Process last = Start(child, folder))
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await last.WaitForExitAsync(patience.Token);
        }

        CheckEnd(store, host, found, seed);
        return hits;
    }

    private static VmUpdateStore OpenStore(string folder) =>
        VmUpdateStore.Open(Path.Combine(folder, "store"), new StoreOptions { Files = new HostFileSystem() });

    private static Process Start(IReadOnlyList<string> child, string folder)
    {
        var start = new ProcessStartInfo(child[0]) { RedirectStandardOutput = true };
        foreach (string argument in child.Skip(1).Append(folder))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{child[0]} did not start.");
    }

    private static void AddWork(VmUpdateStore store, FileHost host, Dictionary<VmKey, VmPowerState> found, int number)
    {
        DateTime now = SystemClock.Instance.UtcNow;
        if (found.Count == 0)
        {
            var limits = new HostLimits { SettleTime = TimeSpan.Zero, StartJitter = TimeSpan.Zero, MaxAwake = 3, MaxAwakePerVolume = 3 };
            store.Write(t => t.SaveLimits(host.HostId, limits, now));
            for (int i = 1; i <= 8; i++)
            {
                found.Add(host.Add(i, Powers[i % 4]), Powers[i % 4]);
            }
        }

        List<TargetMachine> machines = [.. found.Keys.Select(k => new TargetMachine(k, k.VmId.ToString("D"), TargetKinds.Personal, null, 2L << 30))];
        store.Write(t => machines.ForEach(m => t.SaveMachine(new MachineRecord(m.Key, m.Name, MachineRole.Personal, null))));
        TaskPayload payload = TaskPayload.FromCommand("update");
        var task = new UpdateTask
        {
            Id = Guid.NewGuid(), Name = $"task {number}", Kind = UpdateTaskKind.ApplicationUpgrade, Instructor = "Test", Payload = payload.Info,
            Targets = new TaskTargets { Kinds = TargetKinds.All }, Timeouts = PhaseTimeouts.Of(UpdateTaskKind.ApplicationUpgrade), MaxRestarts = 1, Registered = now,
        };
        var registrar = new TaskRegistrar(store, host.HostId, () => { });
        registrar.Add(task, payload, machines);
        registrar.Complete();
    }

    private static void CheckReported(VmUpdateStore store, FileHost host, Dictionary<VmKey, VmPowerState> found, int seed, int kill)
    {
        HashSet<VmKey> reported = [.. store.GetAwakeMachines(host.HostId).Select(a => a.Vm)];
        foreach ((VmKey vm, VmPowerState before) in found)
        {
            if (host.Read(vm).State != before && !reported.Contains(vm))
            {
                throw new SimulationFailedException($"seed {seed}, kill {kill}: {vm} was found {before}, is {host.Read(vm).State}, and nothing says so");
            }
        }
    }

    private static void CheckEnd(VmUpdateStore store, FileHost host, Dictionary<VmKey, VmPowerState> found, int seed)
    {
        foreach ((VmKey vm, VmPowerState before) in found)
        {
            FileMachine machine = host.Read(vm);
            if (machine.State != before || machine.Mark.Length > 0)
            {
                throw new SimulationFailedException($"seed {seed}: {vm} was found {before} and is {machine.State}, note '{machine.Mark}'");
            }
        }

        foreach (UpdateRun run in store.GetRuns(host.HostId))
        {
            if (run.State != RunState.Succeeded || host.Read(run.Vm).Begun.Count(b => b == $"{run.Id:N} 1") != 1)
            {
                throw new SimulationFailedException($"seed {seed}: the run {run.Id} is {run.State}: {run.Reason} {run.Detail}");
            }
        }
    }
}
